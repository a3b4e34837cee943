-- The entries of a 422 answer, in FastAPI's shape: { type, loc, msg, input, ctx }.
--
-- Who finds something wrong returns a list of one entry with an empty loc; each level above puts its own key
-- in front. So a value that is fine costs nothing.

local json = require("plateia.raw").json

local null = json.null
local order = json.order { "type", "loc", "msg", "input", "ctx" }

local wrong = {}

-- Only plain values are given back as `input`: a container could be as deep as JSON may be, and then the
-- answer around it would be too deep.
function wrong.one(kind, message, input, ctx)
  if input == nil or type(input) == "table" then input = null end
  return { setmetatable({ type = kind, loc = {}, msg = message, input = input, ctx = ctx }, order) }
end

function wrong.missing()
  return wrong.one("missing", "Field required")
end

function wrong.under(key, problems)
  for _, problem in ipairs(problems) do table.insert(problem.loc, 1, key) end
  return problems
end

-- `all` may be nil: nothing was wrong so far.
function wrong.join(all, problems)
  if not all then return problems end
  return table.move(problems, 1, #problems, #all + 1, all)
end

-- A password is not repeated to whoever sees the answer.
function wrong.hide(problems)
  for _, problem in ipairs(problems) do problem.input = null end
  return problems
end

return wrong
