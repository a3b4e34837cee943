-- More values than a stack holds.
-- 500: too many results to unpack
return require "lib.attack"(..., function()
  return select("#", table.unpack({}, 1, 100000000))
end)
