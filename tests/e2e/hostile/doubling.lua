-- A text that doubles for ever.
-- 503: used more than its memory
return require "lib.attack"(..., function()
  local text = "x"
  while true do text = text .. text end
end)
