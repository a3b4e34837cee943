-- A loop that catches whatever ends it.
-- 503: used more than its time
return require "lib.attack"(..., function()
  while true do
    pcall(function() while true do end end)
  end
end)
