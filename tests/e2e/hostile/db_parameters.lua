-- One long text a thousand times in the array of a statement.
-- 500 or 503: db: the result would be larger than 8 MiB
local db = require "plateia.db"
local echo = db.one "echo"
return require "lib.attack"(..., function()
  local long, all = ("x"):rep(1000):rep(8000), {}
  for i = 1, 1000 do all[i] = long end
  echo(all)
end)
