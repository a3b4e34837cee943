---@meta plateia.background

--- Work that is put off until the answer has been given.
---@class plateia.background
local background = {}

--- Runs fn(...) after the answer of this request, whatever it was; not where the handler raised or the client had gone.
--- In memory and at most once: what must not be lost is written to the database. It may wait, as a handler may; its
--- failure is logged. Raises while modules load.
---@param fn async fun(...)
---@param ... any
---@return true? accepted
---@return string? why
---@return "busy"? code too much waits already
function background.after(fn, ...) end

return background
