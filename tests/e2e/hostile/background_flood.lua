-- More put off than there is room for.
-- 200: the background has enough to do
local background = require "plateia.background"
return require "lib.attack"(..., function()
  while true do
    local fine, why = background.after(function() end)
    if not fine then return why end
  end
end)
