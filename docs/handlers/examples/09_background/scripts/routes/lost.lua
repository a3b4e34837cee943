local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local background, log = require "plateia.background", require "plateia.log"

local function search(thing)
  if thing == "time" then error "lost time is never found" end
  log.info("every row was searched", { thing = thing })
end

return route.post "/lost/{thing}" {
  summary = "Something was lost: it is looked for after the answer",
  path = { thing = field.string { max_length = 40 } },
  answers = { [202] = { looking_for = field.string {} } },
  handler = function(req)
    local fine, why, code = background.after(search, req.path.thing)
    if not fine then return fail[code](why) end
    return { looking_for = req.path.thing }, 202
  end,
}
