-- The whole user who is asking, by the database, and only who can be reached by e-mail.

local depend, fail = require "plateia.depend", require "plateia.fail"
local signed_in = require "depends.signed_in"
local users = require "lib.users"

return depend {
  name = "guest",
  depends = { user = signed_in },
  resolve = function(_, got)
    local user, why, code = users.find(got.user.id)
    if code == "not_found" then return fail.unauthorized(why) end
    if not user then return fail[code](why) end
    if not user.email then return fail.forbidden "the lounge is for guests whom we can write to" end
    return user
  end,
}
