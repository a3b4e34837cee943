---@meta plateia.log

--- Lines of the server's log: a message and fields. The request's id and the generation are added. A line leaves when
--- the worker next waits.
---
--- ```lua
--- log.info("import done", { added = 3200 })
--- ```
---@class plateia.log
local log = {}

--- For whoever looks for a fault: written where `log_level` is debug.
---@param message string
---@param fields? table<string, string|number|boolean> at most 16
function log.debug(message, fields) end

--- What happened as it should.
---@param message string
---@param fields? table<string, string|number|boolean>
function log.info(message, fields) end

--- What somebody should look at some day.
---@param message string
---@param fields? table<string, string|number|boolean>
function log.warn(message, fields) end

--- What somebody should look at now.
---@param message string
---@param fields? table<string, string|number|boolean>
function log.error(message, fields) end

--- Returns when all lines so far have left: for what counts as done only then.
function log.flush() end

return log
