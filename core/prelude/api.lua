-- The description of the API (OpenAPI 3.1), of the routes that this generation serves.
--
-- What routes do not say themselves stands in app.lua, under `api`:
--   { title, version, description, license, tags = { { name, description }, … },
--     securities = { bearer = a security scheme of OpenAPI } }
-- A route with `hidden = true` is left out. Errors that any request may meet are described once.

local fail = require "plateia.fail"
local options = require "plateia.options"
local record = require "plateia.record"
local schema = require "plateia.schema"
local raw = require "plateia.raw"
local shape = require "plateia.shape"

local of, list, sorted = record.of, record.list, record.sorted

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

-- ---- failures ----

local titles = {
  [200] = "What was asked for", [201] = "It was made", [202] = "It will be done",
  [204] = "Done: there is nothing to say",
  [304] = "What the client has is still right (If-None-Match)",
  [400] = "The request cannot be read", [401] = "Nobody is signed in", [403] = "Not for this user",
  [404] = "There is no such thing", [409] = "It does not go with what is there", [413] = "The body is too large",
  [415] = "The body's media type is another than the one asked for",
  [422] = "Values are missing or wrong: one entry for each",
  [429] = "Too many attempts: Retry-After tells when to try again",
  [500] = "A fault of the server: the log has the request's id",
  [503] = "No capacity right now: Retry-After tells when to try again",
}

local function title_of(status)
  return titles[status] or (status < 400 and "Done" or "It could not be done")
end

local function ref(kind, name)
  return of("$ref", ("#/components/%s/%s"):format(kind, name))
end

-- RFC 9457, for those who ask for it by Accept; `more`: what FastAPI's clients know.
local function problem_content(more)
  return of("application/json", of("schema", more),
    "application/problem+json", of("schema", ref("schemas", "ProblemDetails")))
end

local request_id = of("X-Request-Id", ref("headers", "RequestId"))
local retry_after = of("Retry-After", ref("headers", "RetryAfter"), "X-Request-Id", ref("headers", "RequestId"))

local function failure(status)
  local body = ref("schemas", status == 422 and "Invalid" or "Problem")
  return of("description", title_of(status), "headers", (status == 503 or status == 429) and retry_after or request_id,
    "content", problem_content(body))
end

local shared = { [400] = "BadRequest", [401] = "Unauthorized", [413] = "TooLarge", [415] = "Unsupported",
  [422] = "Invalid", [500] = "Failed", [503] = "Unavailable" }

local function shared_failures()
  local found = {}
  for status, name in pairs(shared) do found[name] = failure(status) end
  return sorted(found)
end

local function loose(kind, description)
  return of("type", kind, "description", description)
end

local function failure_schemas()
  local text, number = of("type", "string"), of("type", "integer")
  local wrong = of("type", "object", "properties", of("type", text,
    "loc", of("type", "array", "items", of("type", list { "string", "integer" })), "msg", text,
    "input", of("description", "what was given, where it is a plain value"), "ctx", of("type", "object")),
    "required", list { "type", "loc", "msg", "input" })
  local generation = loose("integer", "the number of the scripts that answered")
  return {
    Problem = of("type", "object", "properties", of("detail", loose("string", "what is wrong, and what to do"),
      "request_id", loose("string", "of a fault of the server: the log has it too"), "generation", generation),
      "required", list { "detail" }),
    Invalid = of("type", "object", "properties", of("detail", of("type", "array", "items", wrong), "generation",
      generation), "required", list { "detail" }),
    ProblemDetails = of("type", "object", "description", "RFC 9457", "properties", of("type", text, "title", text,
      "status", number, "detail", text, "request_id", text, "errors", of("type", "array", "items", wrong),
      "generation", generation), "required", list { "type", "title", "status", "detail", "request_id" }),
  }
end

-- ---- an operation ----

local function parameters(route)
  local found = {}
  for _, where in ipairs { "path", "query" } do
    for _, member in ipairs(route[where] and shape.members(route[where], "parameters") or {}) do
      local field = member.field
      local must = where == "path" or not field.optional and field.default == nil
      found[#found + 1] = of("name", member.name, "in", where, "required", must, "description", field.summary,
        "schema", schema.of(field, { text = true, components = {} }))
    end
  end
  return list(found)
end

local function body_of(route, components)
  local form = route.form and shape.object(route.form)
  local field = route.body or form
  if not field then return nil end
  local kind = route.body and "application/json" or "application/x-www-form-urlencoded"
  return of("required", true, "content",
    of(kind, of("schema", schema.of(field, { text = form ~= nil, components = components }))))
end

local function answer_headers(route)
  local headers = { ["X-Request-Id"] = ref("headers", "RequestId") }
  if route.cached then
    for _, name in ipairs { "ETag", "Age" } do headers[name] = ref("headers", name) end
  end
  return sorted(headers)
end

local function content_of(form, components)
  if form.kind == "nothing" then return nil end
  return of("application/json", of("schema", schema.of(form, { answers = true, components = components })))
end

local function stream_of()
  return { ["200"] = of("description", "Server-Sent Events, without end", "headers", request_id,
    "content", of("text/event-stream", of("schema", of("type", "string")))) }
end

local function answers_of(route, components)
  if route.stream then return stream_of() end
  local found = {}
  for status, form in pairs(route.answers) do
    local key = tostring(status)
    if status >= 400 and form == fail.Problem then
      found[key] = shared[status] and ref("responses", shared[status]) or failure(status)
    else
      found[key] = of("description", title_of(status), "headers", answer_headers(route), "content",
        content_of(form, components))
    end
  end
  return found
end

-- What may come of any request of its kind, whatever its handler does.
local function add_common(found, route, guarded)
  local inputs = route.path or route.query or route.form or route.body
  local statuses = { [400] = true, [500] = true, [503] = true, [401] = guarded, [422] = inputs ~= nil,
    [413] = route.method ~= "GET", [415] = route.form or route.body }
  for status, comes in pairs(statuses) do
    local key = tostring(status)
    if comes and not found[key] then found[key] = ref("responses", shared[status]) end
  end
  if route.cached then found["304"] = of("description", title_of(304), "headers", answer_headers(route)) end
  return sorted(found)
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
    "responses", add_common(answers_of(route, components), route, #security > 0), "security", security)
end

-- ---- the whole ----

local function paths_of(components)
  local paths = {}
  for _, route in ipairs(routes) do
    if not route.hidden then
      local path = paths[route.template] or {}
      path[route.method:lower()] = operation(route, components)
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
    "ETag", header("names this very content; for If-None-Match", "string"),
    "RequestId", header("the request's own id, or one made for it: it stands in the log", "string"),
    "RetryAfter", header("seconds", "integer"))
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
  local components = failure_schemas()
  local paths = paths_of(components)
  return of("openapi", "3.1.0",
    "info", of("title", api.title or "API", "version", api.version or "0", "description", api.description,
      "license", api.license and deep(api.license)),
    "servers", list { of("url", "/") }, "tags", tags(), "paths", paths,
    "components", of("schemas", sorted(components), "responses", shared_failures(), "headers", headers(),
      "securitySchemes", api.securities and deep(api.securities)))
end

return described
