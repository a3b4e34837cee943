-- A finaliser that is slipped in later.
-- 200: never ran
local ran = "never ran"
return require "lib.attack"(..., function()
  for _ = 1, 1000 do
    local meta = {}
    setmetatable({}, meta)
    meta.__gc = function() ran = "ran" end
  end
  for i = 1, 10000 do local _ = { i } end
  return ran
end)
