local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local notifications = require "notifications"
local throttled = require "depends.throttled"
local users = require "lib.users"

local notify_by = notifications.choices()
notify_by.default = "none"
notify_by.summary = "how to hear that a vote was counted"

local SignedUp = field.object({
  id = field.integer { min = 1, example = 7 },
  username = field.string { example = "Ana" },
}, { name = "SignedUp" })

return route.post "/signup" {
  name = "sign_up", tags = { "people" },
  summary = "Sign up",
  body = {
    username = field.string { min_length = 3, max_length = 32, check = users.check_name, example = "Ana" },
    password = field.string { min_length = 8, max_length = 128, format = "password", secret = true,
      example = "correct horse battery" },
    email = field.string { format = "email", optional = true, example = "ana@example.org" },
    phone = field.string { format = "phone", optional = true, example = "+5511987654321" },
    notify_by = field.choice(notify_by),
  },
  headers = throttled.headers,
  depends = { attempt = throttled.sign_up },
  answers = {
    [201] = SignedUp,
    [409] = fail.problem("this username is taken"),
    [429] = fail.problem("too many attempts; try again in 3540 s"),
  },
  handler = function(req)
    local user, why, code = users.sign_up(req.body)
    if not user then return fail[code](why) end
    return user, 201
  end,
}
