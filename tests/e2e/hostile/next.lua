-- next with a key that was never there.
-- 500: invalid key to 'next'
return require "lib.attack"(..., function()
  return (next({}, "nothing"))
end)
