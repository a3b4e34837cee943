-- pcall within pcall within pcall, and again from each of them.
-- 503: used more than its time
return require "lib.attack"(..., function()
  local function again()
    pcall(again)
    pcall(again)
  end
  while true do again() end
end)
