-- Delivers the outbox: soon after votes; and by the clock for what is due again, what another process left behind,
-- and what was written while nobody was awake.

local log = require "plateia.log"
local notifications = require "notifications"
local outbox = require "lib.outbox"

local function deliver()
  local counts, why, code = outbox.deliver(notifications.send)
  if not counts then return log.warn("the outbox was not delivered", { reason = why, code = code }) end
  if counts.later + counts.dead > 0 then log.info("some notifications were not delivered", counts) end
end

return {
  { on = "vote.cast", every = 0.25, run = deliver },
  { every = 1, run = deliver },
}
