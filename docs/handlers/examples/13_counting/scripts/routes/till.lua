local route, field, metrics = require "plateia.route", require "plateia.field", require "plateia.metrics"

local sold = metrics.counter("tickets_sold_total", "Tickets that were sold, by kind.", { "kind" })
local seats = metrics.gauge("seats_left", "Seats that nobody has taken yet.")
local party = metrics.histogram("tickets_party_size", "How many tickets were sold at once.", {}, { 1, 2, 4, 8 })

local free = 100

return route.post "/tickets" {
  summary = "Buy tickets",
  body = {
    kind = field.choice { "full", "student", default = "full" },
    count = field.integer { min = 1, max = 8, example = 2 },
  },
  answers = { [204] = field.nothing },
  handler = function(req)
    free = free - req.body.count
    sold:add(req.body.count, req.body.kind)
    seats:set(free)
    party:add(req.body.count)
    return nil, 204
  end,
}
