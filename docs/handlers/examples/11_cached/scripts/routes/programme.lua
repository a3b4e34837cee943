local route, field = require "plateia.route", require "plateia.field"
local bus, clock = require "plateia.bus", require "plateia.clock"

return {
  route.get "/programme" {
    summary = "What is on, made once for everybody",
    query = { hall = field.integer { min = 1, max = 12, default = 1 } },
    cached = { ttl = 60, stale = 600, drop_on = { "programme.changed" } },
    answers = { [200] = { hall = field.integer {}, printed_at = field.string { format = "date-time" } } },
    handler = function(req)
      return { hall = req.query.hall, printed_at = clock.rfc3339(clock.now()) }
    end,
  },

  route.post "/programme/changes" {
    summary = "Something is on that was not",
    answers = { [204] = field.nothing },
    handler = function()
      bus.publish "programme.changed"
      return nil, 204
    end,
  },
}
