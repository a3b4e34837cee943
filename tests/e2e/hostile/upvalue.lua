-- A cache of its own that nobody bounds: what it holds stays.
-- 503: used more than its
-- 503: used more than its
local kept
return require "lib.attack"(..., function()
  kept = {}
  for i = 1, 1000 do kept[i] = ("x"):rep(1000):rep(1000) .. i end
end)
