-- An iterator that is kept and goes on in the next request.
-- 200: one
-- 200: two
local kept = ("one two"):gmatch "%a+"
return require "lib.attack"(..., function()
  return kept()
end)
