-- Values until the cache is full, ten times over.
-- 200: fine
local cache = require "plateia.cache"
return require "lib.attack"(..., function()
  local value = ("x"):rep(100000)
  for i = 1, 200 do
    local _, ticket = cache.get("hostile value " .. i)
    cache.put("hostile value " .. i, value .. i, { ttl = 1 }, ticket)
  end
end)
