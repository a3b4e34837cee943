-- Scripts that take too much: stopped, told, and given a rest, while one worker goes on serving everybody else.

local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local HOSTILE = [[
local route, field, db = require "plateia.route", require "plateia.field", require "plateia.db"
local background = require "plateia.background"
local nap, hold = db.one "nap", db.one "hold"

local function get(path, handler)
  return route.get(path) { summary = path, answers = { [200] = field.object { ok = field.boolean {} } },
    handler = function(req) handler(req) return { ok = true } end }
end

local function forever() while true do end end
local function fill() local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end end

local function holding()
  local tx <close> = assert(db.transaction())
  assert(tx:one(hold))
  while true do pcall(forever) end
end

return {
  get("/hostile/loop", forever),
  get("/hostile/memory", fill),
  get("/hostile/caught", function() while true do pcall(fill) end end),
  get("/hostile/lease/1", holding), get("/hostile/lease/2", holding), get("/hostile/lease/3", holding),
  get("/hostile/nap", function() assert(nap()) end),
  get("/hostile/after", function() background.after(forever) end),
  route.get "/hostile/big" { summary = "big",
    answers = { [200] = field.object { items = field.list { of = field.string {} } } },
    handler = function()
      local items = {}
      for i = 1, 4 do items[i] = ("x"):rep(32768) end
      return { items = items }
    end },
}]]

local WATCHER = [[
local log = require "plateia.log"
local runs = 0
return { every = 0.05, run = function()
  runs = runs + 1
  log.info("observed", { runs = runs })
  while true do end
end }]]

local NAP = "-- A wait.\n-- class: lease\nSELECT pg_sleep(0.4)::text AS done\n"
local HOLD = "-- A lock for a transaction.\n-- class: lease\nSELECT pg_advisory_xact_lock(471147)::text AS done\n"

local function copy_of(folder, files)
  local copy = process.temporary_folder(folder)
  assert(process.run("cp", { args = { "-r", folder .. "/.", copy } }) == 0)
  for path, text in pairs(files) do process.write_file(copy .. "/" .. path, text) end
  return copy
end

local function start(db, more)
  local scripts = { ["routes/hostile.lua"] = HOSTILE }
  for path, text in pairs(more and more.scripts or {}) do scripts[path] = text end
  local settings = { PLATEIA_WORKERS = "1", PLATEIA_DB_LEASES = "2", PLATEIA_SCRIPTS = copy_of("scripts", scripts),
    PLATEIA_SQL = copy_of("sql", { ["queries/nap.sql"] = NAP, ["queries/hold.sql"] = HOLD }) }
  for name, value in pairs(more and more.settings or {}) do settings[name] = value end
  return server.start { database = db, settings = settings }
end

local function count(text, words)
  local found = 0
  for _ in text:gmatch(words) do found = found + 1 end
  return found
end

describe("a handler that never ends", function()
  local db, plateia, client

  setup(function()
    db = database.cluster():create "budget"
    plateia = start(db, { settings = { PLATEIA_QUARANTINE_MS = "2000", PLATEIA_ANSWER_LIMIT = "64KiB" } })
    client = plateia:client()
  end)
  teardown(function()
    client:close()
    plateia:stop()
  end)

  local function refused(path, words)
    local answer = client:get(path)
    assert.equal(503, answer.status, answer.body)
    assert.matches("^%d+$", answer.headers["retry-after"])
    assert.matches(words .. ".*; request " .. answer.headers["x-request-id"]:gsub("%-", "%%-"), answer:json().detail)
    return answer
  end

  it("is answered for, and logged with its place; others are served meanwhile", function()
    local answer
    local asker = loop.go(function() answer = refused("/hostile/loop", "used more than its time") end)
    local other = plateia:client()
    for _ = 1, 5 do assert.equal(200, other:get("/movies/1").status) end
    asker:join()
    other:close()
    local line = ('handler stopped","generation":%%d+,"request_id":"%s"[^\n]*"/hostile/loop"[^\n]*more than ' ..
      '%%d+ ms at [^\n]*lua:10"'):format(answer.headers["x-request-id"])
    loop.wait_until("it is logged", 5, function() return plateia:output():find(line) end)
  end)

  it("rests after five times, and is tried again", function()
    for _ = 2, 5 do refused("/hostile/loop", "used more than its time") end
    local answer = refused("/hostile/loop", "stopped and rests: it is tried again in %d s")
    assert.is_true(tonumber(answer.headers["retry-after"]) <= 2)
    assert.equal(200, client:get("/movies/1").status)
    loop.wait_until("it is tried", 10, function()
      return client:get("/hostile/loop"):json().detail:find("used more than its time", 1, true)
    end)
    refused("/hostile/loop", "rests")
    assert.equal(2, count(plateia:output(), "was stopped too often"))
  end)

  it("leaves no transaction, lock or lease behind", function()
    for round = 1, 4 do
      for route = 1, 3 do
        refused("/hostile/lease/" .. route, "used more than its time")
        assert.equal(200, client:get("/movies/" .. round).status)
      end
    end
    loop.wait_until("the lock is given back", 5, function()
      return db:value "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 471147" == 0
    end)
    assert.equal(200, client:get("/hostile/nap").status)
  end)

  it("may wait as long as it likes", function()
    assert.equal(200, client:get("/hostile/nap").status)
  end)

  it("is stopped in the background as well", function()
    assert.equal(200, client:get("/hostile/after").status)
    loop.wait_until("it is logged", 10, function()
      return plateia:output():find "background work failed[^\n]*stopped: it used more than %d+ ms at [^\n]*lua:10"
    end)
    assert.equal(200, client:get("/movies/1").status)
  end)

  it("that takes all memory is answered for too", function()
    for _ = 1, 2 do refused("/hostile/memory", "used more than its %l+") end
    for _ = 1, 2 do refused("/hostile/caught", "used more than its time") end
    assert.equal(200, client:get("/movies/1").status)
  end)

  it("cannot answer with more than an answer may hold", function()
    assert.equal(500, client:get("/hostile/big").status)
    assert.matches("more than the %d+ of answer_limit", plateia:output())
  end)
end)

describe("an observer that never ends", function()
  it("rests after five times, and the worker serves", function()
    local db = database.cluster():create "budgetwatch"
    local plateia = start(db, { scripts = { ["observers/endless.lua"] = WATCHER },
      settings = { PLATEIA_QUARANTINE_MS = "3600000" } })
    local client = plateia:client()
    loop.wait_until("it rests", 20, function()
      return plateia:output():find "observer failed[^\n]*stopped: it used more than[^\n]*it rests for 3600000 ms"
    end)
    assert.equal(200, client:get("/movies/1").status)
    assert.equal(5, count(plateia:output(), '"message":"observed"'))
    client:close()
    plateia:stop()
  end)
end)

describe("scripts that never end loading", function()
  it("are refused with their place", function()
    local db = database.cluster():create "budgetload"
    local plateia = server.launch { database = db, settings = { PLATEIA_SCRIPT_LOAD_MS = "300",
      PLATEIA_SCRIPTS = copy_of("scripts", { ["routes/endless.lua"] = "\nwhile true do pcall(error) end\n" }) } }
    loop.wait_until("it gives up", 60, function() return not plateia.process:running() end)
    assert.matches("routes/endless.lua:2: loading takes longer than 300 ms", plateia:output())
  end)
end)
