-- A text that grows sixfold where it is written.
-- 500 or 503: JSON of more than 8 MiB
local json = require "plateia.json"
return require "lib.attack"(..., function()
  return json.encode(("\1"):rep(1000):rep(8000))
end)
