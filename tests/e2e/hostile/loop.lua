-- A loop without an end.
-- 503: used more than its time
return require "lib.attack"(..., function()
  while true do end
end)
