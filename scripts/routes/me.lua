local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local signed_in = require "depends.signed_in"
local users = require "lib.users"
local votes = require "lib.votes"

local MyVotes = field.object({
  items = field.list { of = votes.Past },
  next_vote_at = votes.next_vote(),
}, { name = "MyVotes" })

return {
  route.get "/me" {
    name = "who_am_i", tags = { "people" },
    summary = "Who am I",
    depends = { user = signed_in },
    answers = { [200] = users.User, [401] = fail.Problem },
    handler = function(req)
      local user, why, code = users.find(req.user.id)
      if code == "not_found" then return fail.unauthorized(why) end
      if not user then return fail[code](why) end
      return user
    end,
  },

  route.get "/me/votes" {
    name = "my_votes", tags = { "voting" },
    summary = "My votes, and when I may vote again",
    depends = { user = signed_in },
    answers = { [200] = MyVotes, [401] = fail.Problem },
    handler = function(req)
      local mine, why, code = votes.of(req.user)
      if not mine then return fail[code](why) end
      return mine
    end,
  },
}
