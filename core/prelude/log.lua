-- plateia.log: one line of the log: log.info("import done", { added = 3200 }). The core adds the request.

local write = require("plateia.raw").log
local log = {}

for _, level in ipairs { "debug", "info", "warn", "error" } do
  log[level] = function(message, fields) write(level, message, fields) end
end

return log
