-- Two functions that call each other through the C library.
-- 500: C stack overflow
return require "lib.attack"(..., function()
  local one, two
  function one() return (("x"):gsub("x", two)) end
  function two() return table.concat { tostring(setmetatable({}, { __tostring = one })) } end
  return one()
end)
