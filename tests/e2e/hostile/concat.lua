-- A hundred million concatenations.
-- 503: used more than its time
return require "lib.attack"(..., function()
  local text = ""
  for _ = 1, 100000000 do text = text .. "x" end
  return text
end)
