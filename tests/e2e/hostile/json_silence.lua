-- The same of tables that write nothing at all, for a long time.
-- 503: used more than its time
local json = require "plateia.json"
return require "lib.attack"(..., function()
  local names, all = {}, {}
  for i = 1, 100000 do names[i] = "n" end
  local silent = setmetatable({}, json.order(names))
  for i = 1, 100000 do all[i] = silent end
  return json.encode(all)
end)
