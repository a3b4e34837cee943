-- The double of plateia.raw: the same functions over support/world.lua instead of the core's services. Its keys
-- are those of the C table and nothing else; whatever steers it stands in world.lua.

local world = require "tests.spec.support.world"

local raw = { json = require "tests.spec.support.json" }
local metrics = {} -- those that were declared, as long as the specs run

-- ---- database ----

-- What sql/queries says of a query: its class and its number of parameters.
local function read_query(name)
  local file = io.open("sql/queries/" .. name .. ".sql")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  local params, count = text:match "%-%- params:([^\n]*)", 0
  for _ in (params or ""):gmatch "[^,%s][^,]*" do count = count + 1 end
  return { text:match "%-%- class:%s*(%w+)", count }
end

local function find_query(name)
  world.queries[name] = world.queries[name] or read_query(name)
  return world.queries[name]
end

local function run(tx, name, ...)
  local query = find_query(name)
  if not query then error("there is no query \"" .. tostring(name) .. "\"", 3) end
  local args = table.pack(...)
  if args.n > query[2] then error(("query \"%s\" takes %d parameters, not %d"):format(name, query[2], args.n), 3) end
  table.insert(world.calls, { name = name, args = args, tx = tx })
  world.wait()
  local answer = world.answers[name]
  if not answer then error("the spec says nothing of the query " .. name, 3) end
  return answer(...)
end

raw.db = {}

function raw.db.class(name)
  local query = find_query(name)
  if query then return query[1], query[2] end
end

function raw.db.run(name, ...)
  if world.open then error("a transaction is open: use its own query, one and commit", 2) end
  return run(nil, name, ...)
end

function raw.db.first(...)
  local rows, why, code, state = raw.db.run(...)
  if not rows then return nil, why, code, state end
  return rows[1]
end

local Tx = {}
Tx.__index = Tx

function Tx:run(name, ...)
  if world.open ~= self then error("the transaction is over", 2) end
  return run(self, name, ...)
end

function Tx:commit()
  if world.open ~= self then error("the transaction is over", 2) end
  table.insert(world.calls, { name = "commit", tx = self })
  world.wait()
  world.open = nil
  local answer = world.answers.commit
  if answer then return answer() end
  return true
end

function Tx:close()
  if world.open ~= self then return end
  table.insert(world.calls, { name = "rollback", tx = self })
  world.open = nil
end
Tx.__close = Tx.close

function raw.db.begin()
  if world.open then error("a transaction is open already: one at a time in a request", 2) end
  table.insert(world.calls, { name = "begin" })
  world.wait()
  local answer = world.answers.begin
  if answer then return answer() end
  world.open = setmetatable({}, Tx)
  return world.open
end

-- ---- text ----

local function decoded(text)
  local broken = text:gsub("%%%x%x", ""):find("%", 1, true)
  text = text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  return not broken and utf8.len(text) and not text:find("\0", 1, true) and text or nil
end

function raw.form(text)
  local pairs_found = {}
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name, value = decoded(name), decoded(value)
    if not name or not value then
      return nil, "a broken percent escape, or text that is not UTF-8", "invalid"
    end
    pairs_found[name] = value
  end
  return pairs_found
end

-- ---- who and what ----

raw.password = {}

function raw.password.hash(password)
  world.wait()
  if world.hasher_busy then return nil, "the hasher's queue is full", "busy" end
  return "hash:" .. password
end

-- "old:x" is a hash of today's password at yesterday's cost.
function raw.password.verify(password, encoded)
  world.wait()
  if world.hasher_busy then return nil, "the hasher's queue is full", "busy" end
  if encoded == "old:" .. password then return true, "hash:" .. password end
  return encoded == "hash:" .. password, nil
end

raw.jwt = {}

function raw.jwt.sign(subject)
  return ("token.%d"):format(subject), 3600
end

function raw.jwt.verify(token)
  local subject = math.tointeger(tonumber(token:match "^token%.(%d+)$"))
  if not subject then return nil, "the token is not one of ours", "denied" end
  return { sub = subject, iat = world.time // 1 | 0, exp = (world.time // 1 | 0) + 3600 }
end

raw.crypto = {}

function raw.crypto.random(bytes)
  world.random = world.random + 1
  return ("%0" .. bytes * 2 .. "x"):format(world.random)
end

-- Not the real digest, but 64 hexadecimal digits that hang on every byte.
function raw.crypto.sha256(text)
  local parts = {}
  for part = 1, 8 do
    local sum = 2166136261 + part
    for i = 1, #text do sum = (sum ~ text:byte(i)) * 16777619 & 0xffffffff end
    parts[part] = ("%08x"):format(sum)
  end
  return table.concat(parts)
end

-- ---- cache ----

raw.cache = {}

-- One asker fills; an entry that a drop made old is a hit until it is `fresh` seconds old, and stale while
-- someone fills. Where there is nothing to give meanwhile, the others wait; world.cache_fails: in vain.
function raw.cache.get(key)
  local waited = false
  while true do
    local entry = world.cache[key] or {}
    world.cache[key] = entry
    local age = entry.value and world.time - entry.at
    local ttl = age and entry.rule.ttl - age
    if age and (age < entry.rule.fresh or not entry.old and ttl > 0) then
      return "hit", entry.value, age, ttl, waited
    end
    if age and entry.filling then return "stale", entry.value, age, ttl, waited end
    if world.cache_fails then return nil, "the answer could not be made; try again in a moment", "busy" end
    if not entry.filling then
      entry.filling, entry.ticket = true, (entry.ticket or 0) + 1
      return "miss", entry.ticket, age ~= nil
    end
    waited = true
    world.wait()
  end
end

function raw.cache.put(key, value, rule, ticket)
  local entry = world.cache[key]
  assert(entry and entry.ticket == ticket, "put without the ticket of a miss")
  if world.cache_full then return nil, "the value is larger than the cache takes", "limit" end
  world.cache[key] = { value = value, rule = rule, at = world.time, old = entry.dropped, ticket = ticket }
  return true
end

function raw.cache.abandon(key)
  world.cache[key].filling = nil
end

-- Every one that is to be renewed counts as in use.
function raw.cache_due(prefix)
  local due = {}
  for key, entry in pairs(world.cache) do
    local begins = key:sub(1, #prefix) == prefix and entry.value and entry.rule.renew and not entry.filling
    if begins and (entry.old or world.time - entry.at >= entry.rule.ttl / 2) then
      entry.filling, entry.ticket = true, entry.ticket + 1
      due[#due + 1], due[#due + 2] = key, entry.ticket
    end
  end
  return due
end

local function drop(tag)
  for _, entry in pairs(world.cache) do
    entry.dropped = entry.filling
    for _, own in ipairs(entry.rule and entry.rule.tags or {}) do
      if own == tag then entry.old = true end
    end
  end
end

function raw.cache.drop(tag)
  table.insert(world.dropped, tag)
  drop(tag)
end

-- ---- events and what is put off ----

raw.bus = {}

function raw.bus.publish(name, text)
  if world.bus_full then return nil, "too long", "limit" end
  table.insert(world.published, { name = name, event = raw.json.decode(text) })
  drop(name)
  return true
end

function raw.bus.letter(name, text)
  return "0123456789abcdef " .. name .. " " .. text
end

raw.stream = {}

function raw.stream.fits(name)
  return #name <= 63 and name:find "^[%w_.-]+$" ~= nil
end

function raw.stream.publish(name, text)
  if world.stream_full then return nil, "too long", "limit" end
  table.insert(world.streamed, { name = name, text = text, value = raw.json.decode(text) })
  return true
end

function raw.background(fn)
  if world.background_full then return nil, "the background has enough to do", "busy" end
  table.insert(world.background, fn)
  return true
end

-- ---- throttle ----

raw.throttle = {}

function raw.throttle.take(key, limit, window)
  local counter = world.tries[key]
  if not counter or counter.ends <= world.time then
    counter = { count = 0, ends = world.time + window }
    world.tries[key] = counter
  end
  local allowed = counter.count < limit
  if allowed then counter.count = counter.count + 1 end
  return allowed, math.max(0, limit - counter.count), counter.ends - world.time
end

function raw.throttle.give_back(key)
  local counter = world.tries[key]
  if counter then counter.count = counter.count - 1 end
end

-- ---- metrics ----

raw.metrics = {}

-- The core refuses more than this: world.metrics_refused is what it says.
function raw.metrics.declare(kind, name, help, labels, bounds)
  if world.metrics_refused then return nil, world.metrics_refused, "invalid" end
  for number, metric in ipairs(metrics) do
    if metric.name == name then return number - 1 end
  end
  metrics[#metrics + 1] = { kind = kind, name = name, help = help, labels = labels or {}, bounds = bounds }
  return #metrics - 1
end

-- "name{value,value}", as world.counted has it.
local function series_of(number, ...)
  local metric = metrics[number + 1]
  if select("#", ...) ~= #metric.labels then
    error(("%s: %d labels were given, and it has %d"):format(metric.name, select("#", ...), #metric.labels), 3)
  end
  return ("%s{%s}"):format(metric.name, table.concat({ ... }, ","))
end

function raw.metrics.add(number, value, ...)
  local series = series_of(number, ...)
  world.counted[series] = (world.counted[series] or 0) + value
end

function raw.metrics.set(number, value, ...)
  world.counted[series_of(number, ...)] = value
end

-- ---- the rest ----

function raw.log(level, message, fields)
  table.insert(world.logged, { level = level, message = message, fields = fields or {} })
end

function raw.flush()
  world.flushed = #world.logged
end

raw.clock = {}

function raw.clock.now() return world.time end

function raw.clock.monotonic() return world.time - 1e9 end

function raw.clock.rfc3339(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S", seconds // 1 | 0) .. (".%03dZ"):format((seconds % 1 * 1000) // 1 | 0)
end

function raw.settings(name)
  return world.settings[name]
end

function raw.scripts(dir)
  if world.folders[dir] then return world.folders[dir] end
  local names = {}
  for file in require("lfs").dir("scripts/" .. dir) do
    local name = file:match "^([^.].*)%.lua$"
    if name and name ~= "init" and not name:find "_spec$" then names[#names + 1] = dir .. "." .. name end
  end
  table.sort(names)
  return names
end

local function read_module(name)
  local path = "scripts/" .. name:gsub("%.", "/")
  for _, each in ipairs { path .. ".lua", path .. "/init.lua" } do
    local file = io.open(each, "rb")
    if file then
      local text = file:read "a"
      file:close()
      return each, text
    end
  end
end

-- The line of the first of the texts that stands in that file, or else its first line.
function raw.place(module, ...)
  local path, text = read_module(module)
  if not path then return nil end
  for _, wanted in ipairs { ... } do
    local at = text:find(wanted, 1, true)
    if at then
      local _, lines = text:sub(1, at - 1 + (wanted:find "^\n" or 0)):gsub("\n", "")
      return ("%s:%d"):format(path, lines + 1)
    end
  end
  return path .. ":1"
end

function raw.file(path)
  if world.files[path] then return world.files[path] end
  local file = io.open("scripts/" .. path, "rb")
  if not file then return nil, "there is no file " .. path, "not_found" end
  local text = file:read "a"
  file:close()
  return text
end

raw.generation = 1

function raw.progress(done, total, what)
  table.insert(world.progress, { done, total, what })
end

return raw
