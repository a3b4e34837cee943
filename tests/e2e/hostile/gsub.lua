-- A replacement that never comes back.
-- 503: used more than its time
return require "lib.attack"(..., function()
  return (("x"):gsub("x", function() while true do end end))
end)
