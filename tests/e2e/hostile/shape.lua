-- An answer of no declared shape.
-- 500: does not fit its declaration
return require "lib.attack"(..., function()
  return { said = function() end }
end)
