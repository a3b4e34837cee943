---@meta plateia.bundle

--- A data file of the script folder, as it was when this generation was read.
---@param path string below the script folder: "adapters/x/data.json"
---@return string? bytes
---@return string? why
---@return "not_found"|"denied"|"limit"|"error"? code
local function bundle(path) end

return bundle
