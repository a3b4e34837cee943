---@meta plateia.crypto

--- Random bytes and digests, as hexadecimal text. Passwords are plateia.password's affair.
---@class plateia.crypto
local crypto = {}

--- Bytes that nobody can guess.
---@param bytes integer 1 to 64
---@return string hex two digits a byte
function crypto.random(bytes) end

--- The SHA-256 of a text.
---@param text string
---@return string hex 64 digits
function crypto.sha256(text) end

return crypto
