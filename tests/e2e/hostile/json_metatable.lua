-- Metamethods for whoever writes JSON: none is called.
-- 200: {"a":1}
local json = require "plateia.json"
return require "lib.attack"(..., function()
  local function loop() while true do end end
  return json.encode(setmetatable({ a = 1 }, { __pairs = loop, __index = loop, __len = loop, __name = loop }))
end)
