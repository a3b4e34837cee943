---@meta plateia.throttle

--- Counts a try against each rule, and ends the request with 429 where one allows no more. What is left by the tightest
--- stands in RateLimit-Limit, -Remaining and -Reset.
---
--- ```lua
--- local attempt = throttle(req, { { key = "sign in " .. req:peer(), limit = 30, window = 60 } })
--- attempt:give_back()     -- it did not count after all
--- ```
---@param req plateia.Request
---@param rules plateia.throttle.Rule[]
---@return plateia.throttle.Attempt attempt
local function throttle(req, rules) end

---@class plateia.throttle.Rule
---@field key string what is counted
---@field limit integer tries in a window; 0: no limit
---@field window number seconds

---@class plateia.throttle.Attempt
local Attempt = {}

--- Takes the try back from every counter. A second time does nothing.
function Attempt:give_back() end

return throttle
