local route, field = require "plateia.route", require "plateia.field"

local hall = field.integer { min = 1, max = 12 }

return {
  route.get "/halls/{hall}/seats" {
    summary = "Seats of a hall",
    path = { hall = hall },
    query = {
      row = field.string { max_length = 1, optional = true },
      kind = field.choice { "any", "free", "taken", default = "any" },
    },
    answers = { [200] = { hall = hall, row = field.string { optional = true }, kind = field.string {} } },
    handler = function(req)
      return { hall = req.path.hall, row = req.query.row, kind = req.query.kind }
    end,
  },

  route.post "/halls/{hall}/screenings" {
    summary = "Plan a screening",
    path = { hall = hall },
    body = {
      title = field.string { min_length = 1, max_length = 100, example = "Dusk" },
      minutes = field.integer { min = 1, max = 600, example = 112 },
      guests = field.list { of = field.string { format = "email" }, max = 3, optional = true },
    },
    answers = { [201] = { hall = hall, title = field.string {}, ends_after = field.integer {} } },
    handler = function(req)
      return { hall = req.path.hall, title = req.body.title, ends_after = req.body.minutes + 15 }, 201
    end,
  },

  route.post "/halls/{hall}/opinions" {
    summary = "What somebody thought of the hall",
    path = { hall = hall },
    form = { stars = field.integer { min = 1, max = 5 }, words = field.string { optional = true } },
    answers = { [204] = field.nothing },
    handler = function() return nil, 204 end,
  },
}
