local route, field, metrics = require "plateia.route", require "plateia.field", require "plateia.metrics"

local sold = metrics.counter("tickets", "Tickets that were sold, by kind.", { "kind" })

return route.post "/tickets" {
  summary = "Buy a ticket",
  answers = { [204] = field.nothing },
  handler = function()
    sold:add(1, "full")
    return nil, 204
  end,
}
