local route, field = require "plateia.route", require "plateia.field"

return route.get "/movies/top/stream" {
  name = "watch_ranking", tags = { "films" },
  summary = "The month's race as Server-Sent Events: hello, then ranking with the full top 20 whenever it changes",
  query = {
    period = field.string { max_length = 7, default = "current", summary = "current: the stream has no other",
      check = function(text)
        if text == "current" then return text end
        return nil, "the stream shows the current month; for others ask /movies/top?period="
      end },
  },
  stream = "ranking",
}
