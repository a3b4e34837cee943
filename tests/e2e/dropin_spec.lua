-- Dropped in: a file makes a route, a query, a channel, an adapter, while the server serves; and a mapping that is
-- changed while an import runs does not change that import.

local uv = require "luv"
local crowd = require "support.crowd"
local database = require "support.database"
local fickle = require "support.fickle"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local scripts = require "support.scripts"
local server = require "support.server"

local COUNTED = [[
local route, field, db = require "plateia.route", require "plateia.field", require "plateia.db"
local count = db.one "counted"
return route.get "/counted" {
  summary = "How many films there are.",
  answers = { [200] = field.object { films = field.integer {} } },
  handler = function() return assert(count()) end,
}
]]
local COUNT = "-- class: read\nSELECT count(*) AS films FROM movies\n"

local PIGEON = [[
local log = require "plateia.log"
return {
  name = "pigeon",
  check = function() return true end,
  send = function(message)
    log.info("pigeon flew", { key = message.key, to = message.to })
    log.flush()
    return true
  end,
}
]]

-- Its titles say which mapping made them.
local ADAPTER = [[
return require "adapters" {
  name = "dropped",
  file = "adapters/dropped/films.json",
  path = { "films" },
  fields = { key = "id", title = "name" },
  functions = { title = function(name) return name and "old " .. name end },
  sample = { record = { id = "a1", name = "A" }, film = { key = "a1", title = "old A" } },
}
]]
local NEW = ADAPTER:gsub("old ", "new ")

-- Waits in the database, for as long as the query says.
local NAP = "-- class: lease\n-- params: seconds double\nSELECT pg_sleep($1)::text AS slept\n"
local NAPPING = [[
local route, field, db = require "plateia.route", require "plateia.field", require "plateia.db"
local nap = db.query "nap"
return route.get "/nap" {
  summary = "Takes its time.",
  answers = { [200] = field.object { word = field.string {} } },
  handler = function() assert(nap(20.0)) return { word = "awake" } end,
}
]]

-- What `adapters/dropped/films.json` holds.
local function catalogue(name, count)
  local records = {}
  for i = 1, count do records[i] = ('{"id":"%s%d","name":"%s %d"}'):format(name, i, name, i) end
  return ('{"films":[%s]}'):format(table.concat(records, ",\n"))
end

describe("files that are dropped in", function()
  local db, plateia, folder, client

  setup(function()
    db = database.cluster():create "dropin"
    folder = scripts.copy()
    for name, value in pairs { PLATEIA_SCRIPT_DRAIN_MS = "500", PLATEIA_OUTBOX_RETRY_MS = "50",
      PLATEIA_OUTBOX_RETRY_MOST_MS = "200", PLATEIA_OUTBOX_ATTEMPTS = "1000" } do folder.settings[name] = value end
    plateia = server.start { database = db, settings = folder.settings }
    client = plateia:client()
  end)

  teardown(function() plateia:stop() end)

  -- ---- what is known ----

  local function state()
    return plateia.admin:get("/scripts"):json()
  end

  -- Of each of some connections, which fall to either worker.
  local function statuses(path)
    local seen = {}
    for _ = 1, 20 do
      local other = plateia:client()
      seen[other:get(path).status] = true
      other:close()
    end
    return seen
  end

  local function is_new(before)
    loop.wait_until("the next generation serves", 10, function()
      local now = state()
      return now.generation > before, now.last_failure ~= http.null and now.last_failure.reason
    end)
  end

  -- Does it, and waits until it is served by all.
  local function served(change)
    local before = state().generation
    change()
    is_new(before)
    assert.equal(before + 1, state().generation)
  end

  -- Does it, and waits until it is refused, with file and line.
  local function refused(change, file, line, words)
    local before = state()
    change()
    local failure = loop.wait_until("it is refused: " .. words, 10, function()
      local now = state().last_failure
      return now ~= http.null and (before.last_failure == http.null or now.at ~= before.last_failure.at) and now
    end)
    assert.same({ folder:path(file), line }, { failure.file, failure.line })
    assert.truthy(failure.reason:find(words, 1, true), failure.reason)
    assert.equal(before.generation, state().generation)
  end

  -- ---- a route and its query ----

  it("are a route and its query, whichever comes first", function()
    local route, query = "scripts/routes/counted.lua", "sql/queries/counted.sql"
    assert.same({ [404] = true }, statuses "/counted")
    refused(function() folder:save(route, COUNTED) end, route, 2, 'there is no query "counted"')
    assert.same({ [404] = true }, statuses "/counted")
    served(function() folder:save(query, COUNT) end)
    assert.same({ [200] = true }, statuses "/counted")
    assert.equal(db:value "SELECT count(*) FROM movies", client:get("/counted"):json().films)

    refused(function() folder:remove(query) end, route, 2, 'there is no query "counted"')
    assert.same({ [200] = true }, statuses "/counted")
    served(function() folder:remove(route) end)
    assert.same({ [404] = true }, statuses "/counted")

    served(function() folder:save(query, COUNT) end)
    served(function() folder:save(route, COUNTED) end)
    assert.same({ [200] = true }, statuses "/counted")
    served(function() folder:remove(route) end)
    served(function() folder:remove(query) end)
    assert.same({ [404] = true }, statuses "/counted")
  end)

  -- ---- a channel ----

  it("are a channel, which may go and come back", function()
    local names, file = 0, "scripts/notifications/pigeon.lua"
    local function sign_up()
      names = names + 1
      return client:post("/signup", { json = { username = "fancier" .. names, password = "correct horse",
        notify_by = "pigeon" } })
    end
    local function vote(user)
      assert.equal(201, client:post("/vote/1", { token = user.token }).status)
    end
    local function flown()
      return select(2, fickle.delivered(plateia:output(), "pigeon flew"))
    end
    local function until_flown(count)
      loop.wait_until("it is delivered", 15, function() return flown() == count, flown() end)
    end

    assert.equal(422, sign_up().status)
    served(function() folder:save(file, PIGEON) end)
    assert.equal(201, sign_up().status)
    local users = crowd.make(db, server.SECRET, "keeper", 3)
    db:run "UPDATE users SET notify_by = 'pigeon' WHERE username LIKE 'keeper%'"
    vote(users[1])
    until_flown(1)

    served(function() folder:remove(file) end)
    local answer = sign_up()
    assert.equal(422, answer.status)
    assert.falsy(answer.body:find("pigeon'", 1, true))
    vote(users[2])
    vote(users[3])
    loop.wait_until("both rows wait", 15, function()
      return db:value [[SELECT count(*) FROM outbox WHERE channel = 'pigeon' AND dead_at IS NULL AND attempts >= 2
        AND last_error = 'there is no channel "pigeon"']] == 2
    end)
    assert.equal(1, flown())
    served(function() folder:save(file, PIGEON) end)
    until_flown(3)
    loop.wait_until("no row waits", 15, function() return db:value "SELECT count(*) FROM outbox" == 0 end)
    for key, times in pairs((fickle.delivered(plateia:output(), "pigeon flew"))) do assert.equal(1, times, key) end
    assert.equal(201, sign_up().status)
  end)

  -- ---- an adapter ----

  local adapter, data = "scripts/adapters/dropped.lua", "scripts/adapters/dropped/films.json"

  local function import()
    return process.run(server.binary(), { args = { "import", "dropped" }, env = { PLATEIA_DATA = plateia.data,
      DATABASE_URL = db.url, PLATEIA_JWT_SECRET = server.SECRET, PLATEIA_WORKERS = "1",
      PLATEIA_ADMIN_LISTEN = "127.0.0.1:" .. plateia.admin_port } })
  end

  local function drop_adapter(text)
    uv.fs_mkdir(folder:path "scripts/adapters/dropped", 493) -- 0755
    process.write_file(folder:path(data), text)
    if not uv.fs_stat(folder:path(adapter)) then served(function() folder:save(adapter, ADAPTER) end) end
  end

  local function titles(words)
    return db:value(("SELECT count(*) FROM movies WHERE title LIKE '%s %%'"):format(words))
  end

  it("are an adapter with its sample and its films", function()
    local code, text = import()
    assert.equal(1, code)
    assert.truthy(text:find("there is no adapter", 1, true), text)
    drop_adapter(catalogue("brought", 3))
    code, text = import()
    assert.equal(0, code, text)
    assert.truthy(text:find("a running server does the import", 1, true), text)
    assert.truthy(text:find("dropped: 3 films added", 1, true), text)
    assert.equal(3, titles "old brought")
    refused(function() folder:save(adapter, (ADAPTER:gsub('title = "name"', 'title = "naem"'))) end, adapter, 1,
      "adapter dropped: its sample has no title")
    code, text = import()
    assert.equal(0, code, text)
    assert.truthy(text:find("3 unchanged", 1, true), text)
    served(function() folder:save(adapter, ADAPTER) end)
  end)

  it("are films of the folder that was read, whatever stands at its path now", function()
    drop_adapter(catalogue("brought", 3))
    finally(function() folder:restore "scripts/routes/me.lua" end)
    local other = folder:path "other"
    assert(process.run("cp", { args = { "-r", folder:path "scripts", other } }) == 0)
    process.write_file(other .. "/adapters/dropped/films.json", catalogue("elsewhere", 2))
    process.write_file(other .. "/routes/me.lua", "return }\n")
    refused(function()
      assert(uv.fs_rename(folder:path "scripts", folder:path "former"))
      assert(uv.fs_rename(other, folder:path "scripts"))
    end, "scripts/routes/me.lua", 1, "unexpected symbol")
    local code, text = import()
    assert.equal(0, code, text)
    assert.truthy(text:find("0 films added, 0 met from other catalogues, 0 changed, 3 unchanged", 1, true), text)
    served(function() folder:restore "scripts/routes/me.lua" end)
    code, text = import()
    assert.equal(0, code, text)
    assert.truthy(text:find("dropped: 2 films added", 1, true), text)
  end)

  -- ---- a mapping that changes while it is used ----

  it("change no import that has begun: it ends with the mapping it began with", function()
    local count = 4000
    drop_adapter(catalogue("long", count))
    folder:save("sql/queries/nap.sql", NAP)
    served(function() folder:save("scripts/routes/nap.lua", NAPPING) end)
    -- each page of films takes its time, so that there is a middle to be caught in
    db:run(([[
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(%g); RETURN NULL; END';
      CREATE TRIGGER linger AFTER INSERT ON movies FOR EACH STATEMENT EXECUTE FUNCTION linger()]])
      :format(0.05 * loop.patience))
    local function job() return plateia.admin:get("/import"):json() end
    local code, text, nap
    local importing = loop.go(function() code, text = import() end)
    local napping = loop.go(function()
      local own = plateia:client()
      nap = own:get "/nap"
      own:close()
    end)
    loop.wait_until("some of it is in, and the other sleeps", 20, function()
      return titles "old long" >= 100 and db:value [[SELECT count(*) FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND query LIKE '%AS slept%']] == 1
    end)
    local before = state().generation
    served(function() folder:save(adapter, NEW) end)
    napping:join(20) -- ended, as the time of what was replaced is over
    assert.equal(503, nap.status)
    assert.matches("replaced", nap:json().detail)
    assert.equal("running", job().state)
    loop.wait_until("the import alone is left of the older generation", 10, function()
      local older = state().older
      return #older == 1 and older[1].generation == before and older[1].requests == 1, #older
    end)
    assert.equal("running", job().state)

    importing:join(60)
    assert.equal(0, code, text)
    assert.truthy(text:find(("dropped: %d films added"):format(count), 1, true), text)
    assert.same({ count, 0 }, { titles "old long", titles "new long" })
    loop.wait_until("the older one is closed", 10, function() return #state().older == 0 end)

    db:run "DROP TRIGGER linger ON movies"
    code, text = import()
    assert.equal(0, code, text)
    assert.truthy(text:find(("%d changed"):format(count), 1, true), text)
    assert.same({ 0, count }, { titles "old long", titles "new long" })
  end)
end)
