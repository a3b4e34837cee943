local log = require "plateia.log"

return {
  on = "door.opened",
  run = function(events)
    for _, event in ipairs(events) do log.info("ushers, the doors are open", { hall = event.hall }) end
  end,
}
