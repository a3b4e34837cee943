local route, field = require "plateia.route", require "plateia.field"
local ranking = require "lib.ranking"

return route.get "/movies/top/stream" {
  name = "watch_ranking", tags = { "films" },
  summary = "The month's race as Server-Sent Events",
  description = "`ranking` has the full top 20, at once and then whenever it changes, at most four times a second.",
  query = {
    period = field.string { max_length = 7, default = "current", summary = "current: the stream has no other",
      check = function(text)
        if text == "current" then return text end
        return nil, "the stream shows the current month; for others ask /movies/top?period="
      end },
  },
  stream = "ranking",
  events = { ranking = ranking.Race },
}
