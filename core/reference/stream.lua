---@meta plateia.stream

--- What routes with `stream` show to everybody who watches: Server-Sent Events. A frame says how things are, not what
--- has changed: the newest is kept, and a slow client sees fewer.
---@class plateia.stream
local stream = {}

--- Shows a value. The best place is an observer, which every process runs once. Raises while modules load, and where
--- the value does not fit the form.
---@param name string 1 to 63 letters, digits, `_`, `-` and `.`; at most 32 names
---@param value any at most 64 KiB of JSON
---@param form? plateia.Field only what it declares is written, in its order
---@return true? shown
---@return string? why
---@return "limit"|"invalid"|"error"? code
function stream.publish(name, value, form) end

return stream
