---@meta plateia.jwt

--- Tokens, signed with the server's secret.
---@class plateia.jwt
local jwt = {}

--- A token for a subject, good for `jwt_lifetime_s` seconds.
---@param subject integer above 0
---@return string? token
---@return integer|string|nil lifetime seconds; or why there is no token
---@return "invalid"|"error"? code
function jwt.sign(subject) end

--- Whose token it is, if it is one of ours and still good.
---@param token string
---@return plateia.jwt.Claims? claims
---@return string? why
---@return "denied"|"error"? code
function jwt.verify(token) end

---@class plateia.jwt.Claims
---@field sub integer the subject
---@field iat integer when it was signed, in seconds since 1970
---@field exp integer until when it is good

return jwt
