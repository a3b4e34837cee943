-- Tables too deep for JSON.
-- 500: JSON nested deeper than 32
local json = require "plateia.json"
return require "lib.attack"(..., function()
  local all = {}
  for _ = 1, 100000 do all = { all } end
  return json.encode(all)
end)
