-- A token of eight megabytes.
-- 200: denied
local jwt = require "plateia.jwt"
return require "lib.attack"(..., function()
  local _, _, code = jwt.verify(("x"):rep(1000):rep(8000))
  return code
end)
