-- How full the outbox is, for whoever watches: looked at by the clock. All servers on one database tell the same.

local metrics = require "plateia.metrics"
local outbox = require "lib.outbox"

local pending = metrics.gauge("outbox_pending", "Notifications that wait to be sent, at most 100000.")
local oldest = metrics.gauge("outbox_oldest_seconds", "How long the notification is due that is due longest.")
local dead = metrics.gauge("outbox_dead", "Notifications that were given up, at most 100000.")

local function look()
  local state = assert(outbox.state())
  pending:set(state.pending)
  oldest:set(state.oldest_seconds)
  dead:set(state.dead)
end

return { every = 5, run = look }
