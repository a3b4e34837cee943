local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local ranking = require "lib.ranking"

return route.get "/movies/top" {
  name = "top_movies", tags = { "films" },
  summary = "The ranking: films with votes, most votes first, then by id",
  query = {
    limit = field.integer { min = 1, max = 100, default = 10 },
    period = field.string { max_length = 7, default = "all", check = ranking.check_period,
      summary = "all, current, or a month as YYYY-MM", example = "2026-11" },
  },
  cached = { ttl = 300, fresh = 0.25, stale = 3600, drop_on = { "ranking.changed" } },
  answers = { [200] = ranking.Top },
  handler = function(req)
    local top, why, code = ranking.top(req.query.period, req.query.limit)
    if not top then return fail[code](why) end
    return top
  end,
}
