-- An usher calls it out in the foyer, that is: in the log.

local log = require "plateia.log"

return {
  name = "usher",

  check = function() return true end,

  send = function(message)
    if message.to == "nemo" then return nil, "nobody of this name is in the foyer", "dead" end
    log.info("usher", { to = message.to, says = message.subject, key = message.key })
    log.flush()
    return true
  end,
}
