local route, field = require "plateia.route", require "plateia.field"
local signed_in = require "depends.signed_in"

return route.get "/programme" {
  summary = "What is on, made once for everybody, and for you",
  cached = { ttl = 60 },
  depends = { user = signed_in },
  answers = { [200] = { hall = field.integer {} } },
  handler = function(req) return { hall = req.user.id } end,
}
