-- An answer of status 99.
-- 500: status 99 is not declared
return require "lib.attack"(..., function()
  return { said = "x" }, 99
end)
