-- A request that is kept and used after its end.
-- 200: kept
-- 500: the request is over
local kept
return require "lib.attack"(..., function(req)
  if kept then return kept._handle:answer(200, "late") end
  kept = req
  return "kept"
end)
