-- A function that calls itself, and needs itself afterwards.
-- 503: used more than its stack
return require "lib.attack"(..., function()
  -- Wide frames fill the stack within few calls: also a slow machine comes to its end before that of the time.
  local function deeper(...) return 1 + deeper(...) end
  return deeper(table.unpack({}, 1, 200))
end)
