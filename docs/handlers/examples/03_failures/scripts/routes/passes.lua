local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local passes = require "lib.passes"

local Pass = field.object({ holder = field.string {}, screenings = field.integer {} }, { name = "Pass" })

return route.post "/passes/{holder}/uses" {
  summary = "Use a pass once",
  path = { holder = field.string { max_length = 32 } },
  answers = {
    [200] = Pass,
    [404] = fail.Problem,
    [409] = fail.problem("this pass is used up", { renew_at = field.string { example = "/passes" } }),
  },
  handler = function(req)
    local pass, why, code, more = passes.use(req.path.holder)
    if not pass then return fail[code](why, more) end
    return pass
  end,
}
