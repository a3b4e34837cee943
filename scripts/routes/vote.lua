local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local signed_in = require "depends.signed_in"
local votes = require "lib.votes"

return route.post "/vote/{movie_id}" {
  name = "cast_vote", tags = { "voting" },
  summary = "Vote for a film, once a month",
  path = { movie_id = field.integer { min = 1, example = 42 } },
  depends = { user = signed_in },
  answers = {
    [201] = votes.Vote,
    [401] = fail.Problem,
    [404] = fail.problem("there is no film with this id"),
    [409] = fail.problem("you have voted this month", { next_vote_at = votes.next_vote() }),
  },
  handler = function(req)
    local vote, why, code, more = votes.cast(req.user, req.path.movie_id)
    if not vote then return fail[code](why, more) end
    return vote, 201
  end,
}
