-- plateia.log: one line of the log: log.info("import done", { added = 3200 }). The core adds the request. Lines
-- leave when the worker next waits; log.flush() does not return before they have left.

local raw = require "plateia.raw"

local write = raw.log
local log = { flush = raw.flush }

for _, level in ipairs { "debug", "info", "warn", "error" } do
  log[level] = function(message, fields) write(level, message, fields) end
end

return log
