-- plateia.route: declares a route. A file of routes/ returns one declaration, or a list of them.
--
--   return route.get "/things/{id}" {
--     name = "get_thing", summary = "One thing", tags = { "things" },    -- for the API's description (plateia.openapi)
--     path = { id = field.integer { min = 1 } },
--     answers = { [200] = things.Thing, [404] = fail.Problem },
--     handler = function(req) ... return thing end,        -- value, status (200), headers
--   }
--
--   return route.get "/things/stream" { stream = "things" }   -- Server-Sent Events: plateia.stream publishes
--
-- Nothing registers itself: app.lua lists what is on, and boot.lua checks it as a whole.

local mark = require "plateia.mark"
local options = require "plateia.options"
local place = require "plateia.place"
local raw = require "plateia.raw"
local shape = require "plateia.shape"

local known = {
  summary = "string", path = "table", query = "table", body = "table", form = "table", depends = "table",
  answers = "table", cached = "table", stream = "string", handler = "function",
  -- for the API's description: `headers` are those of good answers, name -> what it tells; `events` those of a stream,
  -- name -> form
  name = "string", description = "string", tags = "table", hidden = "boolean", headers = "table", events = "table",
}
local known_cached = { ttl = "number", fresh = "number", stale = "number", drop_on = "table" }

-- Names that a request has for itself, so that no depend can hide them.
local reserved = { path = true, query = true, body = true, form = true, id = true, header = true, bearer = true,
  set_header = true, peer = true, traceparent = true, _handle = true, _filling = true }

local function check_depends(depends, refuse)
  for key, depend in pairs(depends or {}) do
    if type(key) ~= "string" then refuse "depends: each has a name: depends = { user = signed_in }" end
    if not mark.is("depend", depend) then refuse(("depends.%s is not a depend"):format(key)) end
    if reserved[key] then refuse(("depends.%s would hide the request's own %s"):format(key, key)) end
  end
end

local function check_answers(answers, refuse, at)
  local good = false
  for status, form in pairs(answers or {}) do
    if math.type(status) ~= "integer" or status < 200 or status > 599 then
      refuse(("answers: %s is not a status"):format(tostring(status)))
    end
    if type(form) ~= "table" then refuse(("answers[%d] is not a form of plateia.field"):format(status)) end
    form = shape.of(form, at)
    form.shape = form.shape or raw.json.shape(form)
    answers[status] = form
    good = good or status < 300
  end
  if not good then refuse("answers names no good answer: answers = { [200] = field.object { ... } }") end
end

-- What is kept is one body for everybody, so it may depend on nothing but path and query.
local function check_cached(given, refuse, at)
  if not given.cached then return end
  options.check("cached", given.cached, known_cached, at)
  if given.method ~= "GET" then refuse("only GET may be cached") end
  if given.depends and next(given.depends) then refuse("a cached route is the same for everyone: no depends") end
  if (given.cached.ttl or 0) <= 0 then refuse("cached: ttl is missing (seconds)") end
end

local function check_name(given, refuse)
  if given.name and not given.name:find "^%a[%w_]*$" then refuse "name: letters, digits and _, a letter first" end
end

local function check_inputs(given, refuse, at)
  if given.body and given.form then refuse("a request has a body or a form, not both") end
  if given.method == "GET" and (given.body or given.form) then refuse("GET takes no body") end
  given.body = given.body and shape.of(given.body, at)
end

-- In place of a handler: whoever gets through the route watches the stream of that name.
local function check_stream(given, refuse)
  local without = given.handler or given.answers or given.cached or given.body or given.form
  if given.method ~= "GET" then refuse("only GET may be a stream") end
  if without then refuse("a stream has no handler, answers, cached, body or form") end
  if not raw.stream.fits(given.stream) then refuse("the name of a stream is 1 to 63 letters, digits, _, - and .") end
end

local function declare(method, template, at)
  return function(given)
    local what = method .. " " .. template
    local function refuse(why) options.refuse(what, why, at) end
    options.check(what, given, known, at)
    given.method, given.template, given.file_line = method, template, at
    check_name(given, refuse)
    check_inputs(given, refuse, at)
    check_depends(given.depends, refuse)
    if given.stream then
      check_stream(given, refuse)
      return mark.set("route", given)
    end
    if not given.handler then refuse("handler is missing") end
    check_answers(given.answers, refuse, at)
    check_cached(given, refuse, at)
    return mark.set("route", given)
  end
end

local route = {}

for _, method in ipairs { "GET", "POST", "PUT", "PATCH", "DELETE" } do
  -- The place is taken here: the call behind it is often a tail call (`return route.get "/" { ... }`).
  route[method:lower()] = function(template, ...)
    local at, what = place(), "route." .. method:lower()
    if type(template) ~= "string" or not template:find("^/") then
      options.refuse(what, "the path is text that starts with \"/\"", at)
    end
    if ... then options.refuse(what, ("without a comma: %s \"%s\" { ... }"):format(what, template), at) end
    return declare(method, template, at)
  end
end

return options.closed("route", route)
