---@meta plateia.clock

--- What time it is. Dates that a rule hangs on are the database's affair: servers' clocks differ.
---@class plateia.clock
local clock = {}

--- Seconds since 1970, with a fraction.
---@return number seconds
function clock.now() end

--- Seconds of a clock that is never set: for how long something took.
---@return number seconds
function clock.monotonic() end

--- A time as RFC 3339 has it, in UTC, with milliseconds.
---@param seconds number since 1970, to the year 9999
---@return string text "2026-11-22T18:13:00.500Z"
function clock.rfc3339(seconds) end

return clock
