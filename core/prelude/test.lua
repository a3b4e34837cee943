-- plateia.test: for specs (`plateia test`), and there alone: in-process requests, users, the clock, and what happened.
--
--   local test = require "plateia.test"
--   local answer = test.post("/things", { json = { name = "x" }, as = test.user() })
--   assert.equal(201, answer.status)                     -- status, headers, body, json
--
-- Whatever a spec does to the database is taken back at its end.

local raw = require "plateia.raw"
local world = require "plateia.test_world"

local ROUNDS = 50 -- of observers that make each other run

local test = {}

-- ---- requests ----

local function escape(text)
  return (tostring(text):gsub("[^%w%-_.~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- In the order of names, so that a request is the same each time.
local function pairs_of(values)
  local names, parts = {}, {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = escape(name) .. "=" .. escape(values[name]) end
  return table.concat(parts, "&")
end

local function id_of(user)
  return type(user) == "table" and user.id or user
end

-- A token with which the user of that id is signed in. It goes by the real clock.
function test.token(user)
  local id = id_of(user)
  if math.type(id) ~= "integer" then error("test.token takes a user, or an id", 2) end
  return (assert(raw.jwt.sign(id)))
end

local known = { headers = true, query = true, json = true, form = true, body = true, as = true }

local function check_options(options)
  for name in pairs(options) do
    if not known[name] then
      error(("a request of a spec has headers, query, json, form, body and as; \"%s\" it has not")
        :format(tostring(name)), 4)
    end
  end
end

local function body_of(options)
  if options.json ~= nil then return raw.json.encode(options.json), "application/json" end
  if options.form then return pairs_of(options.form), "application/x-www-form-urlencoded" end
  return options.body or ""
end

local function headers_of(options, kind)
  local list, given = {}, {}
  local function add(name, value)
    list[#list + 1], list[#list + 2] = name, tostring(value)
  end
  for name, value in pairs(options.headers or {}) do
    given[name:lower()] = true
    add(name, value)
  end
  if kind and not given["content-type"] then add("Content-Type", kind) end
  if options.as and not given.authorization then add("Authorization", "Bearer " .. test.token(options.as)) end
  return list
end

-- Found whatever the case of the name; of one that stands twice, both. A body whose type nobody has said is JSON, as
-- the server says then.
local function read_headers(list, body)
  local headers = {}
  for i = 1, #list, 2 do
    local name, value = list[i]:lower(), list[i + 1]
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  if body ~= "" then headers["content-type"] = headers["content-type"] or "application/json" end
  return setmetatable(headers, { __index = function(_, name)
    return type(name) == "string" and rawget(headers, name:lower()) or nil
  end })
end

local function read_json(headers, body)
  local kind = headers["content-type"] or ""
  return kind:find "[/+]json" and body ~= "" and raw.json.decode(body) or nil
end

-- method, "/path?query", { headers, query, json | form | body, as = user }: what a server would answer.
function test.request(method, path, options)
  if type(path) ~= "string" or path:sub(1, 1) ~= "/" then error("the path of a request begins with \"/\"", 3) end
  options = options or {}
  check_options(options)
  local place, query = path:match "^([^?]*)%??(.*)$"
  if options.query then query = query .. (query ~= "" and "&" or "") .. pairs_of(options.query) end
  local body, kind = body_of(options)
  world.wait()
  local status, text, list = raw.trial.request(method, place, query, headers_of(options, kind), body, "192.0.2.1")
  local headers = read_headers(list, text)
  return { status = status, headers = headers, body = text, json = read_json(headers, text) }
end

for _, method in ipairs { "GET", "POST", "PUT", "PATCH", "DELETE" } do
  test[method:lower()] = function(path, options) return (test.request(method, path, options)) end
end

-- ---- people ----

local users = 0

-- A new user, as app.lua makes one for specs (`specs = { user = function(wanted) ... end }`); what is not wanted in
-- particular is up to that. Has an id.
function test.user(wanted)
  local make = world.house.specs and world.house.specs.user
  if not make then error("app.lua makes no users for specs: specs = { user = function(wanted) ... end }", 2) end
  users = users + 1
  local user, why = make(wanted or {}, users)
  if not user then error("no user was made: " .. tostring(why), 2) end
  return user
end

-- ---- the database ----

local function rows_or_raise(rows, why, ...)
  if not rows then error(why, 3) end
  return rows, why, ...
end

-- The rows of a query of sql/queries.
function test.query(name, ...)
  world.wait()
  return (rows_or_raise(raw.db.run(name, ...)))
end

local ends = {}
for word in ("abort begin commit end prepare release rollback savepoint start"):gmatch "%a+" do ends[word] = true end

-- The rows of a statement that no file holds: for what a spec needs to be there. Parameters are text: $1::bigint.
function test.sql(text, ...)
  if ends[text:match("^%s*(%a*)"):lower()] then
    error("a spec is one transaction, which is taken back at its end: db.transaction() makes one within it", 2)
  end
  world.wait()
  return (rows_or_raise(raw.trial.sql(text, ...)))
end

-- ---- time ----

-- The clock stands there ("2026-12-31T23:59:59Z") for the database and for plateia.clock; nil: it runs again.
function test.at(time)
  local row = rows_or_raise(raw.trial.sql("SELECT set_config('plateia.now', coalesce($1::timestamptz::text, ''), true),"
    .. " extract(epoch FROM $1::timestamptz)::float8 AS at", time))[1]
  world.at = row.at
  rows_or_raise(world.keep_house())
end

-- ---- what happened ----

-- The events of that name, the oldest first, that were published since the spec began.
function test.events(name)
  if not require "plateia.events" [name] then
    error(("there is no event \"%s\" in events.lua"):format(tostring(name)), 2)
  end
  local list = {}
  for _, event in ipairs(world.events) do
    if event.name == name then list[#list + 1] = raw.json.decode(event.text) end
  end
  return list
end

-- What channels were given since the spec began: { channel, key, to, subject, text, template, data }.
function test.notifications()
  return table.move(world.notifications, 1, #world.notifications, 1, {})
end

local function run_background()
  local list = world.background
  world.background = {}
  for _, fn in ipairs(list) do fn() end
  return #list > 0
end

local function observe(observer, text)
  local fine, why = observer.run(text)
  if not fine then error(("the observer of %s failed: %s"):format(observer.place, tostring(why)), 0) end
end

-- To each observer those of its events that were published behind the first `told`.
local function run_round()
  local first, last = world.told + 1, #world.events
  if first > last then return false end
  world.told = last
  for _, observer in ipairs(world.house.observers) do
    local lines = {}
    for i = first, last do
      if world.events[i].name == observer.on then lines[#lines + 1] = world.events[i].text end
    end
    if lines[1] then observe(observer, table.concat(lines, "\n") .. "\n") end
  end
  return true
end

-- What a server does behind an answer: background work, then the observers of what was published, until nothing is
-- left.
function test.run_observers()
  for _ = 1, ROUNDS do
    local worked = run_background()
    if not run_round() and not worked then return end
  end
  error("the observers make each other run, without an end", 2)
end

-- The observers that run by the clock, each once; then run_observers.
function test.run_timers()
  for _, observer in ipairs(world.house.observers) do
    if not observer.on then observe(observer, "") end
  end
  test.run_observers()
end

return test
