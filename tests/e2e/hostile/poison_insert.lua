-- A library changed by the library.
-- 500: hostile_poison_insert.lua:4
return require "lib.attack"(..., function()
  table.insert(string, "poisoned")
end)
