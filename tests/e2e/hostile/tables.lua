-- Tables within tables until nothing is left.
-- 503: used more than its
return require "lib.attack"(..., function()
  local all = {}
  while true do all = { all, {}, {}, {}, {}, {}, {}, {} } end
end)
