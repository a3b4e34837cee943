---@meta plateia.password

--- Passwords (argon2id), hashed on threads of their own while the handler waits.
---@class plateia.password
local password = {}

--- What is kept of a password.
---@async
---@param text string at most 64 KiB
---@return string? encoded
---@return string? why
---@return "busy"|"error"? code
function password.hash(text) end

--- Whether it is that password. Without `encoded` it takes as long and is false, so that nobody learns from the time
--- which accounts there are.
---@async
---@param text string
---@param encoded? string what was kept
---@return boolean? matches
---@return string? better to be kept instead, where it matches and was made at another cost; or why there is no answer
---@return "busy"|"error"? code
function password.verify(text, encoded) end

return password
