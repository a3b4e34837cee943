local route, field, metrics = require "plateia.route", require "plateia.field", require "plateia.metrics"

local sold = metrics.counter("tickets_sold_total", "Tickets that were sold, by kind.", { "kind" })

return route.post "/tickets" {
  summary = "Buy a ticket",
  answers = { [204] = field.nothing },
  handler = function()
    sold:add(1)
    return nil, 204
  end,
}
