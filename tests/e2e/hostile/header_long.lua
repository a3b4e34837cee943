-- A header of eight megabytes.
-- 500: headers of an answer
return require "lib.attack"(..., function(req)
  req:set_header("X-Long", ("x"):rep(1000):rep(8000))
end)
