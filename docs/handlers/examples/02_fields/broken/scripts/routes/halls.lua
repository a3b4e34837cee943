local route, field = require "plateia.route", require "plateia.field"

local hall = field.integer { min = 1, max = 12, example = 13 }

return route.get "/halls/{hall}/seats" {
  summary = "Seats of a hall",
  path = { hall = hall },
  answers = { [200] = { hall = hall } },
  handler = function(req) return { hall = req.path.hall } end,
}
