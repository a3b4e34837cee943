-- Declarations within a handler, without end.
-- 503: used more than its
local field = require "plateia.field"
return require "lib.attack"(..., function()
  local all = {}
  while true do all[#all + 1] = field.object { a = field.list { of = field.integer {} } } end
end)
