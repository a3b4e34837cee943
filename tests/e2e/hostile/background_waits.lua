-- Work in the background that waits for ever, again and again.
-- 200: fine
local background, db = require "plateia.background", require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  for _ = 1, 8 do
    background.after(function() while true do nap() end end)
  end
end)
