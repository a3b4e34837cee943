-- Millions of values read from one text, again and again.
-- 503: used more than its
local json = require "plateia.json"
return require "lib.attack"(..., function()
  local text = "[" .. ("[],"):rep(500):rep(1000) .. "[]]"
  while true do json.decode(text) end
end)
