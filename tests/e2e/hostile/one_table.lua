-- One table that doubles its room for ever.
-- 503: used more than its
return require "lib.attack"(..., function()
  local all, i = {}, 0
  while true do
    i = i + 1
    all[i] = i
  end
end)
