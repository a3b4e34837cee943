-- Thirty tables, each of which holds the one before twice: a thousand million when they are written.
-- 500 or 503: JSON of more than 8 MiB
local json = require "plateia.json"
return require "lib.attack"(..., function()
  local all = { "ha" }
  for _ = 1, 30 do all = { all, all } end
  return json.encode(all)
end)
