-- A date that is written two million times.
-- 500: hostile_date.lua:4
return require "lib.attack"(..., function()
  return os.date(("%c"):rep(2000000))
end)
