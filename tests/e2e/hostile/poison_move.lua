-- A library changed by table.move.
-- 500: cannot be set here
return require "lib.attack"(..., function()
  table.move({ "poisoned" }, 1, 1, 1, string)
end)
