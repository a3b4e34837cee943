---@meta plateia.channels

--- Holds each entry against what a channel is, its name included, and raises with the place of one that is none.
---@param list plateia.Channel[]
---@return plateia.Channel[] list the same
local function channels(list) end

return channels
