local route, field = require "plateia.route", require "plateia.field"

return route.get "/lounge" {
  summary = "The lounge, for everybody by mistake",
  answers = { [200] = { welcome = field.string {} } },
  handler = function()
    return { welcome = "whoever you are" }
  end,
}
