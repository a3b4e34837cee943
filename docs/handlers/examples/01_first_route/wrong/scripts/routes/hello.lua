local route, field = require "plateia.route", require "plateia.field"

return route.get "/hello" {
  summary = "Says hello",
  answers = { [200] = field.object { message = field.string {} } },
  handler = function()
    return { text = "hello" }
  end,
}
