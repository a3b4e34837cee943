-- Chunks of its own.
-- 500: is the server's own
return require "lib.attack"(..., function(req)
  req:set_header("transfer-encoding", "chunked")
end)
