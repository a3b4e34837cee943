-- A password of eight megabytes.
-- 500: a password has at most
local password = require "plateia.password"
return require "lib.attack"(..., function()
  return password.hash(("x"):rep(1000):rep(8000))
end)
