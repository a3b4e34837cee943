-- A comparator that never decides.
-- 503: used more than its time
return require "lib.attack"(..., function()
  table.sort({ 3, 1, 2 }, function() while true do end end)
end)
