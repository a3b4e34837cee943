-- A comparator that says yes to everything.
-- 500: invalid order function
return require "lib.attack"(..., function()
  local all = {}
  for i = 1, 1000 do all[i] = i % 7 end
  table.sort(all, function() return true end)
end)
