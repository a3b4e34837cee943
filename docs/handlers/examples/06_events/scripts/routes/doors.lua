local route, field = require "plateia.route", require "plateia.field"
local bus, clock = require "plateia.bus", require "plateia.clock"

local hall = field.integer { min = 1, max = 12 }

return route.post "/halls/{hall}/doors" {
  summary = "Open the doors of a hall",
  path = { hall = hall },
  answers = { [200] = { hall = hall, opened_at = field.string { format = "date-time" } } },
  handler = function(req)
    local opened = { hall = req.path.hall, opened_at = clock.rfc3339(clock.now()) }
    bus.publish("doors.opened", opened)
    return opened
  end,
}
