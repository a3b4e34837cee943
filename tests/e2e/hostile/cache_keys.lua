-- Fillings of the cache that are begun and never ended.
-- 500: at most 16 at a time
local cache = require "plateia.cache"
return require "lib.attack"(..., function()
  for i = 1, 1000000 do cache.get("hostile " .. i) end
end)
