-- An error whose text raises an error whose text raises an error.
-- 500: handler raised
return require "lib.attack"(..., function()
  local meta = {}
  meta.__tostring = function() error(setmetatable({}, meta)) end
  error(setmetatable({}, meta))
end)
