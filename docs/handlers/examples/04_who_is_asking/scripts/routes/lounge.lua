local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local guest = require "depends.guest"

return route.get "/lounge" {
  summary = "The lounge, for those with an e-mail address",
  depends = { guest = guest },
  answers = { [200] = { welcome = field.string {} }, [401] = fail.Problem, [403] = fail.Problem },
  handler = function(req)
    return { welcome = req.guest.username }
  end,
}
