-- A length of its own choice for an answer, so that the rest is taken for the next.
-- 500: is the server's own
return require "lib.attack"(..., function(req)
  req:set_header("Content-Length", "3")
end)
