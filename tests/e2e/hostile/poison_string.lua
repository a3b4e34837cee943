-- string.rep replaced for everybody.
-- 500: "rep" cannot be set here
return require "lib.attack"(..., function()
  string.rep = function() return "poisoned" end -- luacheck: ignore
end)
