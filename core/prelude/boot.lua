-- plateia.boot: from app.lua's table to what the core runs. Whatever does not fit together is refused here,
-- before a single request is served by it.

local api = require "plateia.api"
local cached = require "plateia.cached"
local channels = require "plateia.channels"
local mark = require "plateia.mark"
local observer = require "plateia.observer"
local options = require "plateia.options"
local origin = require "plateia.origin"
local pipeline = require "plateia.pipeline"
local raw = require "plateia.raw"
local table_of = require "plateia.routes"
local progress = raw.progress

local known = { api = "table", routes = "table", observers = "table", channels = "table", adapters = "table",
  required = "table", seed = "function", import = "function", specs = "table" }

-- `item`: what is wrong, when it is a file's; `word`: where app.lua speaks of it.
local function refuse(why, item, word)
  error((origin.of(item) or origin.in_app(word)) .. ": " .. why, 0)
end

-- A file of routes/ returns one route or a list of them.
local function flatten(list)
  local routes = {}
  for i, item in ipairs(list) do
    for _, route in ipairs(mark.is("route", item) and { item } or item) do
      if not mark.is("route", route) then
        refuse(("routes: entry %d is no declaration of plateia.route"):format(i), item, "routes =")
      end
      routes[#routes + 1] = route
    end
  end
  return routes
end

-- Names of parameters make no difference: "/a/{x}" and "/a/{y}" are one route.
local function check_unique(routes)
  local seen = {}
  for _, route in ipairs(routes) do
    local pattern = route.method .. " " .. route.template:gsub("{[^}]*}", "{}")
    local other = seen[pattern]
    if other then
      options.refuse(route.method .. " " .. route.template,
        "stands already at " .. tostring(other.file_line), route.file_line)
    end
    seen[pattern] = route
  end
end

local function sorted(keys)
  local names = {}
  for name in pairs(keys) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return names
end

-- required: "METHOD /path" -> "open" or the security that must guard it. So no edit can lose a route, or its
-- login, without being told.
local function check_required(required, routes)
  local by_name = {}
  for _, route in ipairs(routes) do by_name[route.method .. " " .. route.template] = route end
  for _, name in ipairs(sorted(required)) do
    local route, security = by_name[name], required[name]
    if not route then
      error(("%s: required: there is no route %s"):format(
        origin.in_app(('"%s"'):format(name), ("'%s'"):format(name), "required ="), name), 0)
    end
    if security ~= "open" and not route.ways.securities[security] then
      options.refuse(name, ("app.lua requires the security \"%s\", and no depend of this route gives it")
        :format(tostring(security)), route.file_line)
    end
  end
end

-- A cached answer is dropped by events, and an event that nobody knows never comes.
local function check_drops(routes)
  for _, route in ipairs(routes) do
    for _, name in ipairs(route.cached and route.cached.drop_on or {}) do
      if not require "plateia.events" [name] then
        options.refuse(route.method .. " " .. route.template,
          ("drop_on: there is no event \"%s\" in events.lua"):format(name), route.file_line)
      end
    end
  end
end

local function by_name(adapters)
  local found, names = {}, {}
  for i, adapter in ipairs(adapters) do
    if type(adapter) ~= "table" or type(adapter.name) ~= "string" then
      refuse(("adapters: entry %d has no name"):format(i), adapter, "adapters =")
    end
    if found[adapter.name] then
      refuse(("adapters: two are called \"%s\""):format(adapter.name), adapter, "adapters =")
    end
    found[adapter.name], names[#names + 1] = adapter, adapter.name
  end
  table.sort(names)
  return found, table.concat(names, ", ")
end

local function importer(app)
  if not app.import then return nil end
  local adapters, names = by_name(app.adapters or {})
  return function(name, text)
    local adapter = adapters[name]
    if not adapter then return nil, ("there is no adapter \"%s\"; there are: %s"):format(tostring(name), names) end
    return app.import(adapter, text, progress)
  end
end

-- Those of app.lua, and those that the routes need for themselves.
local function observers(app, routes)
  local plans = observer.plans(app.observers or {})
  for _, route in ipairs(routes) do
    for _, given in ipairs(cached.observers(route)) do plans[#plans + 1] = observer.plan(given, route.file_line) end
  end
  return plans
end

return function(app)
  options.check("app.lua", app, known, origin.in_app())
  channels(app.channels or {})
  local routes, list = flatten(app.routes or {}), {}
  check_unique(routes)
  for i, route in ipairs(routes) do
    list[i] = { method = route.method, path = route.template, run = pipeline.make(route), file_line = route.file_line }
  end
  check_required(app.required or {}, routes)
  check_drops(routes)
  api.know(app.api or {}, routes, origin.in_app "api =")
  local seed = app.seed and function() return app.seed(progress) end
  return { routes = list, observers = observers(app, routes), seed = seed, import = importer(app), specs = app.specs,
    describe = function(what) return raw.json.encode(what == "routes" and table_of(routes) or api.document()) end }
end
