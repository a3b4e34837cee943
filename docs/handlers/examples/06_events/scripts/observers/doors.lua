-- The ushers are told which doors are open.

local log = require "plateia.log"

return {
  on = "doors.opened",
  run = function(events)
    for _, event in ipairs(events) do log.info("ushers, the doors are open", { hall = event.hall }) end
  end,
}
