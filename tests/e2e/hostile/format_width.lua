-- A number a thousand million letters wide.
-- 500: invalid conversion
return require "lib.attack"(..., function()
  return ("%1000000000d"):format(1)
end)
