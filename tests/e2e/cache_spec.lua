-- What is cached is made once, however many ask: proved by a ranking that leaves a row for every time it is made.

local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local CROWD = 2000 -- connections at once

-- Takes a second, so that everyone comes while it is under way.
local NOTE = [[
-- Notes that the ranking is being made.
-- class: lease
-- params: what text
INSERT INTO made (what) SELECT $1 FROM pg_sleep(1)
]]

local function change(path, pattern, with)
  local text, count = process.read_file(path):gsub(pattern, with)
  assert(count == 1, path .. " is not what it was")
  process.write_file(path, text)
end

-- The house's own scripts and queries, with a ranking that notes, is good for two seconds only, and is made by whoever
-- asks for it.
local function altered_house()
  local folder = process.temporary_folder "house"
  assert(process.run("cp", { args = { "-r", "scripts", "sql", folder } }) == 0)
  process.write_file(folder .. "/sql/queries/note_made.sql", NOTE)
  change(folder .. "/scripts/lib/ranking.lua", "function ranking%.top%(period, limit%)\n",
    'local note = db.query "note_made"\n\n%0  note(period .. limit)\n')
  change(folder .. "/scripts/routes/top.lua", "ttl = 300", "ttl = 2")
  change(folder .. "/scripts/routes/top.lua", ', drop_on = { "ranking%.changed" }', "")
  return folder
end

describe("the cached ranking", function()
  local db, plateia

  setup(function()
    db = database.cluster():create "cache"
    db:run "CREATE TABLE made (what text)"
    local folder = altered_house()
    plateia = server.start { database = db,
      settings = { PLATEIA_SCRIPTS = folder .. "/scripts", PLATEIA_SQL = folder .. "/sql" } }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function request(target)
    return ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n"):format(target)
  end

  local function made(what)
    return db:value(("SELECT count(*) FROM made WHERE what = '%s'"):format(what))
  end

  -- Everyone asks at once; the answers, each with the seconds it took.
  local function ask_at_once(connections, target)
    local began = loop.now()
    return loop.each(connections, #connections, function(conn)
      assert(conn:send(request(target)))
      local answer = assert(conn:answer "GET")
      answer.took = loop.now() - began
      return answer
    end, 30)
  end

  local function count(answers, pattern)
    local number = 0
    for _, answer in ipairs(answers) do
      assert.equal(200, answer.status)
      assert.equal(answers[1].body:gsub('"as_of":"[^"]*"', ""), answer.body:gsub('"as_of":"[^"]*"', ""))
      if answer.headers["cache-status"]:find(pattern) then number = number + 1 end
    end
    return number
  end

  it("is made once, where a crowd asks for what is not there yet, and once more when it has expired", function()
    local numbers = {}
    for i = 1, CROWD do numbers[i] = i end
    local connections = loop.each(numbers, 100, function() return assert(http.connect(plateia.port, 30)) end)

    local cold = ask_at_once(connections, "/movies/top?limit=9")
    assert.equal(1, made "all9")
    assert.equal(1, count(cold, "^plateia; fwd=miss; stored; ttl=2$"))
    assert.equal(CROWD - 1, count(cold, "fwd=miss; collapsed") + count(cold, "^plateia; hit"))
    assert.is_true(count(cold, "collapsed") > 0)

    loop.sleep(2.1)
    local expired = ask_at_once(connections, "/movies/top?limit=9")
    assert.equal(2, made "all9")
    assert.equal(1, count(expired, "^plateia; fwd=stale; stored; ttl=2$"))
    assert.equal(CROWD - 1, count(expired, "^plateia; hit"))
    assert.is_true(count(expired, "^plateia; hit; ttl=%-%d+$") > 0) -- the old one, while the new one is made
    for _, conn in ipairs(connections) do conn:close() end
  end)

  it("gives the old answer at once while a new one is made", function()
    local maker, reader = assert(http.connect(plateia.port)), plateia:client()
    reader:get "/movies/top?limit=8"
    loop.sleep(2.1)
    maker:send(request "/movies/top?limit=8")
    loop.wait_until("someone makes it", 5, function()
      return db:value "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" == 1
    end)
    local old = reader:get "/movies/top?limit=8"
    assert.matches("ttl=%-", old.headers["cache-status"])
    assert.is_true(tonumber(old.headers.age) >= 2)
    assert.equal(1, made "all8") -- the second is still under way
    assert.matches("fwd=stale; stored", maker:answer("GET").headers["cache-status"])
    assert.matches("^plateia; hit; ttl=%d", reader:get("/movies/top?limit=8").headers["cache-status"])
    maker:close()
  end)

  it("is made by the next, when the client of the first has gone", function()
    local first, second = assert(http.connect(plateia.port)), assert(http.connect(plateia.port))
    first:send(request "/movies/top?limit=7")
    loop.sleep(0.1)
    second:send(request "/movies/top?limit=7")
    first:close()
    local answer = assert(second:answer "GET")
    assert.equal(200, answer.status, plateia:output():sub(-3000))
    second:close()
  end)
end)
