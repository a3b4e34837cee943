-- A format that mentions one long text a hundred times.
-- 500: string.format: the result would be larger than 8 MiB
return require "lib.attack"(..., function()
  local long, all = ("x"):rep(1000):rep(1000), {}
  for i = 1, 100 do all[i] = long end
  return (("%s"):rep(100):format(table.unpack(all)))
end)
