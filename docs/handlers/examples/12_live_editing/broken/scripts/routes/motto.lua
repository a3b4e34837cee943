local route, field = require "plateia.route", require "plateia.field"

return route.get "/motto" {
  summary = "The festival's motto",
  answers = { [200] = { motto = field.string {} } },
  handler = function() return { motto = "see it twice } end,
}
