local route, field = require "plateia.route", require "plateia.field"
local bus = require "plateia.bus"

return {
  route.post "/foyer/guests" {
    summary = "Somebody comes in",
    body = { name = field.string { min_length = 1, max_length = 40 } },
    answers = { [204] = field.nothing },
    handler = function(req)
      bus.publish("guest.came", { name = req.body.name })
      return nil, 204
    end,
  },

  route.get "/foyer/stream" {
    summary = "Who is in the foyer, as Server-Sent Events",
    stream = "foyer",
  },
}
