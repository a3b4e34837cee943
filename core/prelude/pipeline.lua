-- A request's way through its route: who is asking, what is asked, what else is needed, the handler, the
-- answer. All that can be worked out before stands in the plan; a request makes only what it needs.

local answer = require "plateia.answer"
local cached = require "plateia.cached"
local failure = require "plateia.failure"
local input = require "plateia.input"
local plan = require "plateia.plan"
local raw = require "plateia.raw"
local request = require "plateia.request"
local streamed = require "plateia.streamed"
local trace = require "plateia.trace"

local OUT_OF_MEMORY = "not enough memory" -- Lua's words: raised without a place, past any message handler

local pipeline = {}

local function serve(route, req)
  local handle, ways = req._handle, route.ways
  plan.resolve(ways.guards, req)
  input.read(ways.inputs, handle, req)
  plan.resolve(ways.depends, req)
  if route.stream then return streamed.serve(route, handle) end
  if ways.cached then return cached.serve(route, ways.cached, handle, req) end
  answer.send(route, handle, route.handler(req))
end

-- The message handler: a failure is on its way to the client, anything else is a bug whose place we want.
local function explain(raised)
  if failure.is(raised) then return raised end
  return (trace(tostring(raised)))
end

local function tell(level, route, what, why)
  raw.log(level, what, { route = route.method .. " " .. route.template, file = route.file_line, reason = why })
end

-- Calls within calls, as deep as can be: what they leave costs others as much as a loop would.
local function overflowed(raised)
  return type(raised) == "string" and raised:find "^[^\n]*: stack overflow"
end

-- Failures that are nobody's choice. That there is no capacity ("busy") is told to a crowd, and in as many lines it
-- would be the next burden.
local worth_a_line = { timeout = true, unknown = true }

local function conclude(route, req, raised)
  local handle = req._handle
  if req._filling then raw.cache.abandon(req._filling) end
  if raised == OUT_OF_MEMORY or overflowed(raised) then error(raised, 0) end -- the core's affair
  if failure.is(raised) and raised.code ~= "error" then
    if worth_a_line[raised.code] then tell("warn", route, "handler gave up", raised.detail) end
    return handle:problem(raised.status, raised.detail, raised.errors, raised.more)
  end
  if failure.is(raised) then
    tell("error", route, "handler gave up", raised.detail or "no reason given")
  else
    tell("error", route, "handler raised", raised)
  end
  handle:problem(500, "internal error; request " .. handle:id())
end

-- The function that the core runs for each request of this route.
function pipeline.make(route)
  local guards, depends, securities = plan.make(route.depends or {})
  local inputs = input.plan(route)
  route.ways = { inputs = inputs, guards = guards, depends = depends, securities = securities,
    cached = route.cached and cached.plan(route, inputs) }
  return function(handle)
    local req = request.new(handle)
    local fine, raised = xpcall(serve, explain, route, req)
    if not fine then conclude(route, req, raised) end
  end
end

return pipeline
