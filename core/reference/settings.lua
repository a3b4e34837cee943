---@meta plateia.settings

--- A setting of the server, as text (`plateia settings` lists them).
---@param name string "log_level"
---@return string? value empty where it is not set; nil for one that does not exist, or is secret
local function settings(name) end

return settings
