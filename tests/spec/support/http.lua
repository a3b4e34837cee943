-- Requests without a server: a handle as the core's, and a small router over what boot returned.

local json = require "tests.spec.support.json"
local world = require "tests.spec.support.world"

local http = {}

-- ---- the request handle ----

local Handle = {}
Handle.__index = Handle

function Handle:id() return self.given.id or "request-1" end
function Handle:method() return self.given.method or "GET" end
function Handle:path() return self.given.path or "/" end
function Handle:peer() return self.given.peer or "192.0.2.1" end
function Handle:query() return self.given.query or "" end
function Handle:body() return self.given.body or "" end
function Handle:param(i) return assert((self.given.params or {})[i], "no such path parameter") end
function Handle:header(name) return (self.given.headers or {})[name:lower()] end

function Handle:traceparent()
  local parent = self:header "traceparent"
  return parent or "00-" .. ("1"):rep(32) .. "-" .. ("2"):rep(16) .. "-00", parent and self:header "tracestate"
end

function Handle:bearer()
  local scheme, token = (self:header "Authorization" or ""):match "^(%S+) *(.*)$"
  return scheme and scheme:lower() == "bearer" and token or nil
end

function Handle:set_header(name, value)
  if (name .. value):find "[\r\n%z]" then error("a header's name and value are one line", 2) end
  self.headers[name:lower()] = value
end

local function take(handle, status, body, content_type)
  assert(not handle.status, "a request is answered once")
  handle.status, handle.text, handle.content_type = status, body, content_type
  handle.headers["retry-after"] = handle.headers["retry-after"] or (status == 503 or status == 429) and "1" or nil
  if status == 401 and not handle.headers["www-authenticate"] then
    handle.headers["www-authenticate"] = "Bearer"
  end
end

function Handle:answer(status, body, content_type)
  take(self, status, body, content_type or body and "application/json")
end

function Handle:problem(status, detail, errors, more)
  local body = { detail = errors or detail }
  for name, value in pairs(more or {}) do body[name] = value end
  self.said = detail
  take(self, status, json.encode(body), "application/json")
end

function Handle:stream(name)
  self.streams = name
  take(self, 200, nil, "text/event-stream")
end

-- given: { method, path, params, query, headers (lower case), body, id }
function http.request(given)
  return setmetatable({ given = given or {}, headers = {} }, Handle)
end

-- ---- asking an app ----

-- The parameters of a path that fits the template, or nil.
local function fit(template, path)
  local pattern = "^" .. template:gsub("[%-.+]", "%%%0"):gsub("{[^}]*}", "([^/]+)") .. "$"
  local found = { path:match(pattern) }
  if found[1] == nil then return nil end
  return template:find("{", 1, true) and found or {}
end

-- Literal segments win over parameters, as in the core's router.
local function find(routes, method, path)
  local best, best_params
  for _, route in ipairs(routes) do
    local params = route.method == method and fit(route.path, path)
    if params and (not best or #params < #best_params) then best, best_params = route, params end
  end
  return assert(best, "no route for " .. method .. " " .. path), best_params
end

-- boot's result as a function ask(method, target, { headers, body, json, form }) -> the answer:
-- { status, headers, text, json }
function http.asker(app)
  return function(method, target, given)
    given = given or {}
    local path, query = target:match "^([^?]*)%??(.*)$"
    local route, params = find(app.routes, method, path)
    local headers, body = {}, given.body
    for name, value in pairs(given.headers or {}) do headers[name:lower()] = value end
    if given.json then body, headers["content-type"] = json.encode(given.json), "application/json" end
    if given.form then body, headers["content-type"] = given.form, "application/x-www-form-urlencoded" end
    local handle = http.request { method = method, path = path, query = query, params = params, headers = headers,
      body = body }
    world.drive(route.run, handle)
    assert(not world.open, "a transaction was left open")
    return { status = handle.status, headers = handle.headers, text = handle.text, content_type = handle.content_type,
      streams = handle.streams,
      json = handle.text and json.decode(handle.text) }
  end
end

-- Where the values stand that a 422 tells of: "body.username".
function http.places(answer)
  local list = {}
  for i, problem in ipairs(answer.json.detail) do list[i] = table.concat(problem.loc, ".") end
  return list
end

-- An asker over routes made in a spec.
function http.routes(...)
  return http.asker(require "plateia.boot" { routes = { ... } })
end

return http
