-- A try that is given back again and again.
-- 200: kept
-- 200: given back
local throttle = require "plateia.throttle"
local kept
return require "lib.attack"(..., function(req)
  if not kept then
    kept = throttle(req, { { key = "hostile", limit = 5, window = 60 } })
    return "kept"
  end
  for _ = 1, 1000 do kept:give_back() end
  return "given back"
end)
