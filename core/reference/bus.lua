---@meta plateia.bus

--- Events. Their names and fields stand in `events.lua`; one that is not there, or has other fields, raises.
---
--- ```lua
--- local fine, why, code = bus.publish("order.placed", { id = 7, lines = {} })
--- ```
---@class plateia.bus
local bus = {}

--- Tells the observers of this process, and drops what is cached under the event's name. An event that `crosses` is
--- told to the other processes as well, which waits on the database; a failure means that those were not told.
---@async
---@param name string
---@param event table its fields, no more and no fewer
---@return true? told
---@return string? why
---@return "busy"|"timeout"|"unknown"|"limit"|"invalid"|"error"? code
function bus.publish(name, event) end

--- The same for this process alone. Never waits.
---@param name string
---@param event table
---@return true? told
---@return string? why
---@return "limit"|"invalid"|"error"? code
function bus.publish_here(name, event) end

return bus
