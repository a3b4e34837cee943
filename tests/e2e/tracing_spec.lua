-- Whose request it is and where its time goes: in the log, in answers, and at the database.

local cjson = require "cjson"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local scripts = require "support.scripts"
local server = require "support.server"

local TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

local ROUTES = [[
local clock, db = require "plateia.clock", require "plateia.db"
local field, log = require "plateia.field", require "plateia.log"
local route, fail = require "plateia.route", require "plateia.fail"
local password = require "plateia.password"

local Said = field.object({ parent = field.string { optional = true }, state = field.string { optional = true } },
  { name = "Traced" })
local doze, nap = db.query "doze", db.query "nap"

local function dozing(name, handler)
  return route.get("/" .. name .. "/{seconds}") { summary = "Sleeps", path = { seconds = field.number { min = 0 } },
    answers = { [200] = Said }, handler = handler }
end

return {
  route.get "/traced" { summary = "Tells its trace", answers = { [200] = Said }, handler = function(req)
    local parent, state = req:traceparent()
    log.info("a script's line")
    return { parent = parent, state = state }
  end },
  route.get "/plain" { summary = "Says something in the log", answers = { [200] = Said }, handler = function()
    log.warn("a plain line")
    return {}
  end },
  dozing("alone", function(req)
    doze(req.path.seconds)
    return {}
  end),
  dozing("together", function(req)
    local tx <close> = db.transaction()
    tx:query(nap, 0)
    tx:query(doze, req.path.seconds)
    tx:commit()
    return {}
  end),
  dozing("hashed", function()
    password.hash "correct horse"
    return {}
  end),
  route.get "/works" { summary = "Works for 60 ms", answers = { [200] = Said }, handler = function()
    local over = clock.monotonic() + 0.06
    while clock.monotonic() < over do end
    return {}
  end },
  route.get "/kept" { summary = "Kept", cached = { ttl = 60 }, answers = { [200] = Said }, handler = function(req)
    nap(0.05)
    return {}
  end },
  route.get "/raises" { summary = "Raises", answers = { [200] = Said }, handler = function() error "on purpose" end },
  route.get "/unavailable" { summary = "Gives up", answers = { [200] = Said, [503] = fail.Problem },
    handler = function() return fail.busy "not now" end },
}
]]

local OBSERVER = [[
local nap = require "plateia.db".query "nap"
return { every = 1, run = function()
  nap(0.05)
  return true
end }
]]

local QUERIES = {
  doze = "-- class: lease\n-- params: seconds double\nSELECT pg_sleep($1)::text AS slept\n",
  nap = "-- class: read\n-- params: seconds double\nSELECT pg_sleep($1)::text AS slept\n",
}

local function start(name, settings)
  local house = scripts.copy()
  house:save("scripts/routes/traced.lua", ROUTES)
  house:save("scripts/observers/lazy.lua", OBSERVER)
  for query, text in pairs(QUERIES) do house:save("sql/queries/" .. query .. ".sql", text) end
  for key, value in pairs(house.settings) do settings[key] = value end
  local db = database.cluster():create(name)
  return server.start { database = db, settings = settings }, db
end

-- The lines with that message of the request with that id, once there is one.
local function lines(plateia, message, id)
  return loop.wait_until(("a line %q of %s"):format(message, id), 5, function()
    local found = {}
    for text in plateia:output():gmatch "{[^\n]*}\n" do
      local fine, line = pcall(cjson.decode, text)
      if fine and line.message == message and line.request_id == id then found[#found + 1] = line end
    end
    return found[1] and found
  end)
end

local function line(plateia, message, id)
  local found = lines(plateia, message, id)
  assert.equal(1, #found)
  return found[1]
end

local function timings(answer)
  local found = {}
  for name, ms in (answer.headers["server-timing"] or ""):gmatch "(%a+);dur=([%d.]+)" do found[name] = tonumber(ms) end
  return found
end

describe("a request's trace", function()
  local plateia, client

  setup(function()
    plateia = start("trace", { PLATEIA_SLOW_MS = "0" })
    client = plateia:client()
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  local function get(target, headers)
    local answer = client:get(target, { headers = headers })
    return answer, answer.headers["x-request-id"]
  end

  it("goes on with a span of our own, in the log and for whoever is called", function()
    local answer, id = get("/traced", { traceparent = ("00-%s-%s-01"):format(TRACE, PARENT), tracestate = "a=1,b=2" })
    local said = answer:json()
    local span = said.parent:match("^00%-" .. TRACE .. "%-(%x+)%-01$")
    assert.equal(16, #span)
    assert.not_equal(PARENT, span)
    assert.equal("a=1,b=2", said.state)
    for _, message in ipairs { "request", "a script's line" } do
      local found = line(plateia, message, id)
      assert.same({ TRACE, span }, { found.trace_id, found.span_id })
    end
  end)

  it("is in the lines also of what no script has seen, and of an answer that is kept", function()
    local headers = { traceparent = ("00-%s-%s-00"):format(TRACE, PARENT) }
    local seen = {}
    get("/kept")
    for _, target in ipairs { "/nowhere", "/kept", "/kept", "/kept" } do
      local _, id = get(target, headers)
      local found = line(plateia, "request", id)
      assert.equal(TRACE, found.trace_id)
      assert.is_nil(seen[found.span_id])
      seen[found.span_id] = true
    end
  end)

  it("begins here where the client's is not good, and only where a script asks for it", function()
    local bad = { traceparent = ("00-%s-%s-01"):format(("0"):rep(32), PARENT), tracestate = "a=1" }
    local _, plain = get("/plain", bad)
    for _, message in ipairs { "request", "a plain line" } do
      local found = line(plateia, message, plain)
      assert.same({}, { found.trace_id, found.span_id })
    end
    local answer, id = get("/traced", bad)
    assert.matches(("^00%%-%s%%-%%x+%%-00$"):format(id), answer:json().parent)
    assert.equal(http.null, answer:json().state)
    assert.equal(id, line(plateia, "request", id).trace_id)
  end)

  it("has an id of its own where the request's is none", function()
    local answer = get("/traced", { ["X-Request-Id"] = "mine" })
    assert.matches("^00%-%x+%-%x+%-02$", answer:json().parent)
    assert.equal(55, #answer:json().parent)
  end)

  it("leads from a failure's body to its lines", function()
    for target, message in pairs { ["/raises"] = "handler raised", ["/unavailable"] = "request" } do
      local answer, id = get(target, { traceparent = ("00-%s-%s-01"):format(TRACE, PARENT) })
      assert.equal(id, answer:json().request_id)
      assert.equal(TRACE, line(plateia, message, id).trace_id)
      local problem = client:get(target, { headers = { Accept = "application/problem+json" } })
      assert.equal(problem.headers["x-request-id"], problem:json().request_id)
    end
  end)

  it("tells no time that nobody asked for", function()
    assert.is_nil(get("/plain").headers["server-timing"])
    local _, id = get "/alone/0.01"
    line(plateia, "request", id)
    assert.is_nil(plateia:output():find("slow request", 1, true))
  end)
end)

describe("a request's time", function()
  local plateia, db, client

  setup(function()
    plateia, db = start("time", { PLATEIA_SLOW_MS = "30", PLATEIA_SERVER_TIMING = "true", PLATEIA_ACCESS_LOG = "false",
      PLATEIA_WORKERS = "1", PLATEIA_DB_LEASES = "1", PLATEIA_SCRIPT_TIME_MS = "5000" })
    client = plateia:client()
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  local function slow(answer)
    assert.equal(200, answer.status)
    return line(plateia, "slow request", answer.headers["x-request-id"]), timings(answer)
  end

  local function declared(what)
    local number = 0
    for text in ROUTES:gmatch "([^\n]*)\n" do
      number = number + 1
      if text:find(what, 1, true) then return ("routes/traced.lua:%d"):format(number) end
    end
  end

  it("at the database is told, with the slowest statement and the script", function()
    local told, timing = slow(client:get("/together/0.1",
      { headers = { traceparent = ("00-%s-%s-01"):format(TRACE, PARENT) } }))
    assert.same({ "GET", "/together/{seconds}", 200, TRACE, "doze", 4, "warn" },
      { told.method, told.route, told.status, told.trace_id, told.slowest, told.statements, told.level })
    assert.is_true(told.slowest_ms >= 100 and told.slowest_ms <= told.db_ms)
    assert.is_true(told.db_ms >= 100 and told.db_ms <= told.ms)
    assert.is_true(told.lua_ms < told.db_ms and told.queue_ms < told.db_ms)
    assert.is_true(told.lua_ms + told.db_ms + told.queue_ms <= told.ms + 0.01)
    assert.matches(declared "route.get(\"/\" ..", told.script, 1, true)
    assert.equal(told.db_ms, timing.db)
    assert.is_true(timing.total >= timing.db + timing.lua)
  end)

  it("in a queue is told apart from the statement's own", function()
    local first = loop.go(function()
      local other = plateia:client()
      assert.equal(200, other:get("/alone/1.5").status)
      other:close()
    end)
    loop.wait_until("the first one has the lease", 10, function()
      return db:value [[SELECT count(*) FROM pg_stat_activity
        WHERE application_name ~ '^plateia GET /alone' AND state = 'active']] == 1
    end)
    local told, timing = slow(client:get "/alone/0.05")
    first:join()
    assert.is_true(told.queue_ms > 10 and told.db_ms >= 50)
    assert.is_true(told.queue_ms + told.db_ms <= told.ms)
    assert.equal(1, told.statements)
    assert.equal(told.queue_ms, timing.queue)
  end)

  it("in Lua is told", function()
    local told, timing = slow(client:get "/works")
    assert.is_true(told.lua_ms >= 60 and told.lua_ms <= told.ms)
    assert.same({ 0, 0, 0 }, { told.db_ms, told.queue_ms, told.statements })
    assert.is_nil(told.slowest)
    assert.matches("routes/traced.lua:%d+$", told.script)
    assert.equal(told.lua_ms, timing.lua)
  end)

  it("with a hasher is neither", function()
    local timing = timings(client:get "/hashed/0")
    assert.is_true(timing.total > timing.lua + timing.db + timing.queue)
    assert.equal(0, timing.db)
  end)

  it("is told also of who has given up waiting", function()
    local other = plateia:client()
    other.seconds = 0.2
    local longer = "/alone/" .. math.ceil(loop.patience) -- than he waits, however patient he is
    local answer = other:try("GET", longer, { headers = { ["X-Request-Id"] = "gone-away" } })
    assert.is_nil(answer)
    other:close()
    local told = line(plateia, "slow request", "gone-away")
    assert.equal(499, told.status)
    assert.equal("doze", told.slowest)
    assert.is_true(told.ms >= 100)
  end)

  it("is told of observers, by where they stand", function()
    local told
    loop.wait_until("an observer's line", 10, function()
      told = plateia:output():match '{[^\n]*"slow work"[^\n]*observers/lazy[^\n]*}\n'
      return told
    end)
    told = cjson.decode(told)
    assert.same({ "info", "nap", 1 }, { told.level, told.slowest, told.statements })
    assert.matches("observers/lazy.lua:%d+$", told.script)
    assert.is_nil(told.request_id)
  end)

  it("is each answer's own, also of one that is kept", function()
    local made = client:get "/kept"
    assert.is_true(timings(made).db >= 50)
    local kept = {}
    for i = 1, 5 do kept[i] = client:get "/kept" end
    for i = 2, 5 do -- from the second on no script is asked
      local timing = timings(kept[i])
      assert.same({ 0, 0, 0 }, { timing.lua, timing.db, timing.queue })
      assert.is_true(timing.total < 50)
      assert.equal(made.body, kept[i].body)
    end
    assert.not_equal(kept[2].headers["x-request-id"], kept[3].headers["x-request-id"])
    assert.is_true(timings(client:get("/kept", { headers = { ["X-Request-Id"] = "short" } })).lua > 0)
  end)
end)

describe("the database", function()
  local plateia, db, client

  setup(function()
    plateia, db = start("stat", { PLATEIA_WORKERS = "2", PLATEIA_DB_LEASES = "1" })
    client = plateia:client()
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  local function names()
    local found = {}
    for _, row in ipairs(db:rows "SELECT application_name FROM pg_stat_activity WHERE application_name ~ 'plateia '") do
      found[row[1]] = (found[row[1]] or 0) + 1
    end
    return found
  end

  it("shows what each connection is for, and whose", function()
    loop.wait_until("all are there", 10, function() return names()["plateia listen 0"] end)
    local wanted = { ["plateia listen 0"] = 1 }
    for worker = 0, 1 do
      for _, class in ipairs { "read", "batch", "lease" } do wanted[("plateia %s %d"):format(class, worker)] = 1 end
    end
    loop.wait_until("the leases are given back", 10, function()
      local fine = pcall(assert.same, wanted, names())
      return fine
    end)
  end)

  for target, name in pairs { ["/alone/0.5"] = "alone", ["/together/0.5"] = "together" } do
    it("shows which request has a lease while its statement sleeps: " .. name, function()
      local id = ("%032x"):format(#name)
      local sleeper = loop.go(function()
        return client:get(target, { headers = { ["X-Request-Id"] = id } }).status
      end)
      local shown = ("plateia GET /%s/{seconds}"):format(name):sub(1, 63 - 33) .. " " .. id
      loop.wait_until("the request is shown", 10, function()
        return db:value(([[SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s'
          AND query ~ 'pg_sleep' AND state = 'active']]):format(shown)) == 1
      end)
      assert.equal(200, sleeper:join())
      loop.wait_until("the name is gone with the transaction", 10, function() return not names()[shown] end)
    end)
  end
end)
