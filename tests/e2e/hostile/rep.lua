-- A gigabyte of x.
-- 500: string.rep: the result would be larger than 8 MiB
return require "lib.attack"(..., function()
  return ("x"):rep(1000000000)
end)
