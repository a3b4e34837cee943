-- An __index that never answers.
-- 503: used more than its time
return require "lib.attack"(..., function()
  return setmetatable({}, { __index = function() while true do end end }).anything
end)
