-- Makes the answer's bytes of what a handler returned, and holds it to what the route declared: only declared
-- fields are written, and a value that does not fit is our own failure, told to the log.

local failure = require "plateia.failure"
local raw = require "plateia.raw"

local write = raw.json.write

local answer = {}

local function unfit(route, why)
  failure.raise { code = "error", status = 500,
    detail = ("the answer of %s %s does not fit its declaration: %s"):format(route.method, route.template, why) }
end

-- The body's text; nil where the declared form is `nothing`.
function answer.body(route, value, status)
  local form = route.answers[status]
  if not form then unfit(route, ("status %s is not declared"):format(tostring(status))) end
  if value == nil and form.kind ~= "nothing" then unfit(route, "the handler returned nil") end
  local text, why = write(form.shape, value)
  if why then unfit(route, "answer" .. why) end
  return text
end

function answer.send(route, handle, value, status, headers)
  status = status or 200
  local body = answer.body(route, value, status)
  if headers then
    for name, text in pairs(headers) do handle:set_header(name, text) end
  end
  -- The core words all problems, those that a handler returns as well.
  if status >= 400 and route.answers[status].problem then return handle:problem(status, value.detail) end
  handle:answer(status, body)
end

return answer
