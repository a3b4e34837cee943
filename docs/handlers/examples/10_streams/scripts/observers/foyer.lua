-- Shows how many are in the foyer, and who came last. It counts itself: observers of a process share one Lua state.

local field, stream = require "plateia.field", require "plateia.stream"

local Foyer = field.object({ guests = field.integer {}, newest = field.string { optional = true } }, { name = "Foyer" })

local foyer = { guests = 0 }
local shown

local function show()
  if shown == foyer.guests then return end
  assert(stream.publish("foyer", foyer, Foyer))
  shown = foyer.guests
end

return {
  { on = "guest.came",
    run = function(events)
      foyer.guests, foyer.newest = foyer.guests + #events, events[#events].name
      show()
    end },
  { every = 1, run = show },
}
