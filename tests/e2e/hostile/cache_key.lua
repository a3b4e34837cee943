-- A key of eight megabytes.
-- 500: a key has at most
local cache = require "plateia.cache"
return require "lib.attack"(..., function()
  cache.get(("x"):rep(1000):rep(8000))
end)
