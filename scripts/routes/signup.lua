local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local notifications = require "notifications"
local throttled = require "depends.throttled"
local users = require "lib.users"

local notify_by = notifications.choices()
notify_by.default = "none"
notify_by.summary = "how to hear that a vote was counted"

return route.post "/signup" {
  name = "sign_up", tags = { "people" },
  summary = "Sign up",
  body = {
    username = field.string { min_length = 3, max_length = 32, check = users.check_name },
    password = field.string { min_length = 8, max_length = 128, format = "password", secret = true },
    email = field.string { format = "email", optional = true },
    phone = field.string { format = "phone", optional = true },
    notify_by = field.choice(notify_by),
  },
  depends = { attempt = throttled.sign_up },
  answers = {
    [201] = field.object({ id = field.integer { min = 1 }, username = field.string {} }, { name = "SignedUp" }),
    [409] = fail.Problem,
    [429] = fail.Problem,
  },
  handler = function(req)
    local user, why, code = users.sign_up(req.body)
    if not user then return fail[code](why) end
    return user, 201
  end,
}
