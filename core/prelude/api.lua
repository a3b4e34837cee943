-- The description of the API (OpenAPI 3.1), of the routes that this generation serves.
--
-- What routes do not say themselves stands in app.lua, under `api`:
--   { title, version, description, license, tags = { { name, description }, … },
--     securities = { bearer = a security scheme of OpenAPI } }
-- A route with `hidden = true` is left out. Whatever answers GET answers HEAD as well. Failures stand in failures.lua.

local example = require "plateia.example"
local failures = require "plateia.failures"
local options = require "plateia.options"
local record = require "plateia.record"
local schema = require "plateia.schema"
local raw = require "plateia.raw"
local shape = require "plateia.shape"

local of, list, sorted, ref = record.of, record.list, record.sorted, failures.ref

local described = {}
local api, routes = {}, {}

local known = { title = "string", version = "string", description = "string", license = "table", tags = "table",
  securities = "table" }

-- ---- operations' names ----

-- "get_things_by_id" of GET /things/{id}: used where a route has no name of its own.
local function derived(route)
  local name = route.method:lower() .. route.template:gsub("{", "by_"):gsub("[^%w]+", "_")
  return (name:gsub("_+$", ""))
end

local function name_of(route)
  return route.name or derived(route)
end
described.name_of = name_of

local function check_names(all)
  local seen = {}
  for _, route in ipairs(all) do
    local name = name_of(route)
    if seen[name] then
      options.refuse(route.method .. " " .. route.template,
        ("the name \"%s\" is %s %s's already"):format(name, seen[name].method, seen[name].template), route.file_line)
    end
    seen[name] = route
  end
end

-- By boot, once all is loaded; `at`: where app.lua is.
function described.know(given, all, at)
  options.check("api", given, known, at)
  check_names(all)
  api, routes = given, all
end

-- ---- an operation ----

-- One that must be there comes with an example of its own, which is what /docs puts into its field.
local function parameter(member, where)
  local field = member.field
  local must = where == "path" or not field.optional and field.default == nil
  return of("name", member.name, "in", where, "required", must, "description", field.summary,
    "schema", schema.of(field, { text = true, components = {} }), "example", must and field.example or nil)
end

local function parameters(route)
  local found = {}
  for _, where in ipairs { "path", "query" } do
    for _, member in ipairs(route[where] and shape.members(route[where], "parameters") or {}) do
      found[#found + 1] = parameter(member, where)
    end
  end
  if route.cached then found[#found + 1] = ref("parameters", "IfNoneMatch") end
  return list(found)
end

local function body_of(route, components)
  local form = route.form and shape.object(route.form)
  local field = route.body or form
  if not field then return nil end
  local kind = route.body and "application/json" or "application/x-www-form-urlencoded"
  return of("required", true, "content", of(kind, of("schema",
    schema.of(field, { text = form ~= nil, components = components }), "example", example.of(field, false))))
end

local function answer_headers(route)
  local headers = { ["X-Request-Id"] = ref("headers", "RequestId") }
  if route.cached then
    for name, known_as in pairs { ETag = "ETag", Age = "Age", ["Cache-Control"] = "CacheControl" } do
      headers[name] = ref("headers", known_as)
    end
  end
  for name, tells in pairs(route.headers or {}) do
    headers[name] = of("description", tells, "schema", of("type", "string"))
  end
  return sorted(headers)
end

local function content_of(form, components)
  if form.kind == "nothing" then return nil end
  return of("application/json", of("schema", schema.of(form, { answers = true, components = components }),
    "example", example.of(form, true)))
end

-- ---- streams ----

local function frame(id, name, data)
  return ("%sevent: %s\ndata: %s\n\n"):format(id and ("id: %s\n"):format(id) or "", name, raw.json.encode(data))
end

-- What the core sends of its own (http/streams.c), and what is published.
local function frames(route)
  local hello = of("generation", 1, "boot", "b60a8e68", "stream", route.stream)
  local parts, number = { "retry: 1000\n", frame(nil, "hello", hello) }, 0
  for name, form in record.pairs(route.events or {}) do
    local data = example.of(form, true)
    if data ~= nil then
      number = number + 1
      parts[#parts + 1] = frame("b60a8e68-" .. number, name, data)
    end
  end
  return table.concat(parts)
end

local function events_of(route, components)
  local found = {}
  for name, form in pairs(route.events or {}) do
    found[name] = schema.plain(form, { answers = true, components = components }) -- no tool follows x-events
  end
  return sorted(found)
end

local function stream_of(route, components)
  local body = of("type", "string", "description", "`hello` first, then the newest state and each that follows it, as "
    .. "JSON in `data`; `shutdown` when the server ends. What each event holds stands in x-events.",
    "x-events", events_of(route, components))
  return { ["200"] = of("description", "Server-Sent Events, without end", "headers", answer_headers(route),
    "content", of("text/event-stream", of("schema", body, "example", frames(route)))),
    ["406"] = ref("responses", failures.shared[406]) }
end

-- ---- answers ----

local function answers_of(route, components)
  if route.stream then return stream_of(route, components) end
  local found = {}
  for status, form in pairs(route.answers) do
    local key, shared = tostring(status), failures.shared[status]
    if form.problem then
      found[key] = shared and not form.words and ref("responses", shared) or failures.answer(status, form, components)
    else
      found[key] = of("description", failures.title(status), "headers", answer_headers(route), "content",
        content_of(form, components))
    end
  end
  return found
end

-- What may come of any request of its kind, whatever its handler does.
local function add_common(found, route, guarded)
  local inputs, changes = route.path or route.query or route.form or route.body, route.method ~= "GET"
  local statuses = { [400] = true, [429] = true, [500] = true, [503] = true, [401] = guarded, [422] = inputs ~= nil,
    [411] = changes, [413] = changes, [415] = route.form or route.body }
  for status, comes in pairs(statuses) do
    local key = tostring(status)
    if comes and not found[key] then found[key] = ref("responses", failures.shared[status]) end
  end
  if route.cached then found["304"] = of("description", failures.title(304), "headers", answer_headers(route)) end
  return found
end

local function security_of(route)
  local names = {}
  for name in pairs(route.ways.securities) do names[#names + 1] = of(name, raw.json.array {}) end
  return raw.json.array(names)
end

local function operation(route, components)
  local security = security_of(route)
  return of("operationId", name_of(route), "summary", route.summary, "description", route.description,
    "tags", list(route.tags), "parameters", parameters(route), "requestBody", body_of(route, components),
    "responses", sorted(add_common(answers_of(route, components), route, #security > 0)), "security", security)
end

-- The same statuses and headers, and no body.
local function head_of(route)
  local security, found = security_of(route), {}
  for status, answer in pairs(add_common(answers_of(route, {}), route, #security > 0)) do
    found[status] = of("description", failures.title(math.tointeger(tonumber(status))), "headers",
      answer.headers or failures.headers(math.tointeger(tonumber(status))))
  end
  return of("operationId", "head_" .. name_of(route), "summary", "As GET, without the body", "tags", list(route.tags),
    "parameters", parameters(route), "responses", sorted(found), "security", security)
end

-- ---- the whole ----

local function paths_of(components)
  local paths = {}
  for _, route in ipairs(routes) do
    if not route.hidden then
      local path = paths[route.template] or {}
      path[route.method:lower()] = operation(route, components)
      if route.method == "GET" then path.head = head_of(route) end
      paths[route.template] = path
    end
  end
  for template, path in pairs(paths) do paths[template] = sorted(path) end
  return sorted(paths) or of()
end

local function header(description, kind)
  return of("description", description, "schema", of("type", kind))
end

local function headers()
  return of("Age", header("seconds since the answer was made", "integer"),
    "CacheControl", header("whether it has to be asked for again", "string"),
    "Challenge", header("how one signs in (RFC 6750), and what was wrong with the token", "string"),
    "ETag", header("names this very content; for If-None-Match", "string"),
    "RequestId", header("the request's own id, or one made for it: it stands in the log", "string"),
    "RetryAfter", header("seconds", "integer"))
end

local function shared_parameters()
  return of("IfNoneMatch", of("name", "If-None-Match", "in", "header", "required", false,
    "description", "the ETag of what the client has: 304 where nothing has changed", "schema", of("type", "string")))
end

local function tags()
  local found = {}
  for i, tag in ipairs(api.tags or {}) do found[i] = of("name", tag.name, "description", tag.description) end
  return list(found)
end

-- Plain tables as app.lua writes them.
local function deep(value)
  if type(value) ~= "table" then return value end
  if #value > 0 then return list(value) end
  local members = {}
  for name, part in pairs(value) do members[name] = deep(part) end
  return sorted(members) or of()
end

function described.document()
  local components = failures.schemas()
  local paths = paths_of(components)
  return of("openapi", "3.1.0",
    "info", of("title", api.title or "API", "version", api.version or "0", "description", api.description,
      "license", api.license and deep(api.license)),
    "servers", list { of("url", "/") }, "tags", tags(), "paths", paths,
    "components", of("schemas", sorted(components), "responses", failures.components(),
      "parameters", shared_parameters(), "headers", headers(),
      "securitySchemes", api.securities and deep(api.securities)))
end

return described
