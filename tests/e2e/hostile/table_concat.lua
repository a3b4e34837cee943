-- A list that refers to one long text again and again, joined.
-- 500: table.concat: the result would be larger than 8 MiB
return require "lib.attack"(..., function()
  local list, long = {}, ("x"):rep(1000):rep(1000)
  for i = 1, 10000 do list[i] = long end
  return table.concat(list)
end)
