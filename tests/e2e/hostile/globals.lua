-- A new global.
-- 500: "leak" cannot be set here
return require "lib.attack"(..., function()
  leak = 1 -- luacheck: ignore
end)
