-- Edited while it serves: what is saved is served, by every worker, or nothing changes and the reason is told.

local uv = require "luv"
local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local scripts = require "support.scripts"
local server = require "support.server"

local SAY = [[
local route, field = require "plateia.route", require "plateia.field"
return route.get "/say" {
  summary = "Says a word.",
  answers = { [200] = field.object { word = field.string {} } },
  handler = function() return { word = "%s" } end,
}
]]

-- Waits in the database, for as long as the query says.
local SLOW = [[
local route, field, db = require "plateia.route", require "plateia.field", require "plateia.db"
local nap = db.query "nap"
return route.get "/slow" {
  summary = "Takes its time.",
  query = { seconds = field.number {} },
  answers = { [200] = field.object { word = field.string {} } },
  handler = function(req)
    local rows, why = nap(req.query.seconds)
    if not rows then error(why, 0) end
    return { word = "%s" }
  end,
}
]]
local NAP = "-- class: lease\n-- params: seconds double\nSELECT pg_sleep($1)::text AS slept\n"

-- Keeps a megabyte more at each call.
local HOARD = [[
local route, field = require "plateia.route", require "plateia.field"
local kept = {}
return route.post "/hoard" {
  summary = "Never lets go.",
  answers = { [200] = field.object { kept = field.integer {} } },
  handler = function()
    kept[#kept + 1] = ("x"):rep(2 ^ 20 // 1 | 0) .. #kept
    return { kept = #kept }
  end,
}
]]

local COUNT = [[
local log = require "plateia.log"
return { on = "vote.cast", every = 0.05, run = function(events)
  for _, event in ipairs(events) do log.info("seen", { user = event.user_id }) end
end }
]]

describe("scripts that are edited live", function()
  local db, plateia, folder, client

  setup(function()
    db = database.cluster():create "reload"
    folder = scripts.copy()
    folder:save("scripts/routes/say.lua", SAY:format "one")
    folder:save("sql/queries/nap.sql", NAP)
    folder:save("scripts/routes/slow.lua", SLOW:format "old")
    folder:save("scripts/observers/count.lua", COUNT)
    folder:save("scripts/routes/hoard.lua", HOARD)
    folder.settings.PLATEIA_SCRIPT_MEMORY = "16MiB"
    folder.settings.PLATEIA_SCRIPT_DRAIN_MS = tostring(2000 * loop.patience)
    plateia = server.start { database = db, settings = folder.settings }
    client = plateia:client()
  end)

  teardown(function() plateia:stop() end)

  -- ---- what is known ----

  local function state()
    return plateia.admin:get("/scripts"):json()
  end

  local function word(path)
    return client:get(path or "/say"):json().word
  end

  local function until_word(wanted)
    loop.wait_until("the new word is said", 10, function() return word() == wanted, word() end)
  end

  local function until_it_sleeps()
    loop.wait_until("it has begun", 10, function()
      return db:value "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" == 1
    end)
  end

  local function order(path)
    local answer = plateia.admin:post(path, { headers = { ["X-Plateia-Admin"] = "1" } })
    return answer.status, answer:json()
  end

  -- All that the log says from `at` on.
  local function said(at)
    return plateia:output():sub(at + 1)
  end

  -- The failure of a save: what the watcher met after `seen`, the failure that was known before.
  local function refused(seen, words)
    return loop.wait_until("it is refused: " .. words, 10, function()
      local failure = state().last_failure
      local fresh = failure ~= http.null and (seen == http.null or failure.at ~= seen.at) and failure.by == "watch"
      return fresh and failure.reason:find(words, 1, true) and failure, fresh and failure.reason or "no new failure"
    end)
  end

  -- ---- what is saved is served ----

  it("are served once they are saved, and say so", function()
    local before, log = state().generation, #plateia:output()
    folder:save("scripts/routes/say.lua", SAY:format "two")
    until_word "two"
    local now = state()
    assert.equal(before + 1, now.generation)
    assert.equal("watch", now.by)
    loop.wait_until("the log says so", 10, function()
      return said(log):find('"message":"new scripts are served","generation":' .. now.generation, 1, true)
    end)
    for _ = 1, 20 do -- connections fall to either worker
      local other = plateia:client()
      assert.equal("two", other:get("/say"):json().word)
      other:close()
    end
  end)

  it("are served by a new query alone", function()
    local before = state().generation
    folder:edit("sql/queries/nap.sql", "pg_sleep($1)::text AS slept", "pg_sleep($1)::text AS slept, 1 AS n")
    loop.wait_until("it is served", 10, function() return state().generation == before + 1 end)
  end)

  it("are not served again where nothing has changed", function()
    local before = state().generation
    folder:save("scripts/routes/say.lua", folder:read "scripts/routes/say.lua")
    folder:save("scripts/routes/.say.lua.swp", "an editor's own")
    folder:save("scripts/routes/say.lua", SAY:format "three")
    until_word "three"
    assert.equal(before + 1, state().generation)
  end)

  it("let what has begun end where it began", function()
    local answer
    local slow = loop.go(function()
      local own = plateia:client()
      answer = own:get "/slow?seconds=1"
      own:close()
    end)
    until_it_sleeps()
    local before = state().generation
    folder:save("scripts/routes/slow.lua", SLOW:format "new")
    loop.wait_until("the next serves", 10, function() return state().generation == before + 1 end)
    assert.equal("new", word "/slow?seconds=0")
    assert.same({ { generation = before, requests = 1 } }, state().older)
    slow:join(20)
    assert.equal("old", answer:json().word)
    loop.wait_until("the older one is closed", 10, function() return #state().older == 0 end)
  end)

  it("end what takes too long on scripts that are gone", function()
    local answer
    local slow = loop.go(function()
      local own = plateia:client()
      answer = own:get("/slow?seconds=" .. 4 * loop.patience)
      own:close()
    end)
    until_it_sleeps()
    folder:save("scripts/routes/say.lua", SAY:format "late")
    until_word "late"
    slow:join(20 * loop.patience)
    assert.equal(503, answer.status)
    assert.matches("replaced", answer:json().detail)
    loop.wait_until("the older one is closed", 20, function() return #state().older == 0 end)
  end)

  it("give every event to one generation's observer", function()
    local users = crowd.make(db, server.SECRET, "counted", 200)
    local log, edits, over = #plateia:output(), 0, false
    local editor = loop.go(function()
      while not over do
        edits = edits + 1
        folder:save("scripts/routes/say.lua", SAY:format("edit " .. edits))
        until_word("edit " .. edits)
      end
    end)
    loop.each(users, 4, function(user, i)
      loop.wait_until("edits keep pace", 20, function() return edits * 80 >= i end)
      local own = plateia:client()
      assert.equal(201, own:post("/vote/" .. user.id % 40 + 1, { token = user.token }).status)
      own:close()
    end)
    over = true
    editor:join(20)
    loop.wait_until("all were seen", 10, function()
      local _, count = said(log):gsub('"message":"seen"', "")
      return count >= #users, count
    end)
    local seen = {}
    for user in said(log):gmatch '"message":"seen","generation":%d+,"user":(%d+)' do
      assert.is_nil(seen[user], "seen twice")
      seen[user] = true
    end
    assert.is_true(edits > 2, edits .. " edits")
  end)

  -- ---- orders ----

  it("are read anew on a signal", function()
    local before = state().generation
    plateia.process:signal "hup"
    loop.wait_until("it is served", 10, function() return state().generation == before + 1 end)
    assert.equal("signal", state().by)
  end)

  it("are read anew on an order, which is answered once they are served", function()
    local before = state().generation
    local status, answer = order "/scripts/reload"
    assert.equal(200, status)
    assert.equal("served", answer.outcome)
    assert.equal(before + 1, answer.generation)
    assert.equal(before + 1, state().generation)
  end)

  it("are only checked by a dry run", function()
    local before = state().generation
    local status, answer = order "/scripts/reload?dry_run=1"
    assert.same({ 200, "fine", before }, { status, answer.outcome, answer.generation })
    assert.equal(before, state().generation)
  end)

  it("are rolled back to what was served before, and stay so until the next edit", function()
    folder:save("scripts/routes/say.lua", SAY:format "good")
    until_word "good"
    local good = state().generation
    folder:save("scripts/routes/say.lua", SAY:format "bad")
    until_word "bad"
    local status, answer = order "/scripts/rollback"
    assert.equal(200, status)
    assert.equal("good", word())
    assert.equal(good + 2, answer.generation)
    status, answer = order("/scripts/rollback?to=" .. good + 1)
    assert.same({ 200, good + 3 }, { status, answer.generation })
    assert.equal("bad", word())
    assert.equal(404, (order "/scripts/rollback?to=9999"))
    assert.equal(5, #state().history)
    folder:save("scripts/routes/say.lua", SAY:format "next")
    until_word "next"
  end)

  it("are built once more when their states have become too full", function()
    local before = state()
    loop.wait_until("they are", 30 * loop.patience, function()
      client:post "/hoard"
      return state().by == "memory"
    end)
    local now = state()
    assert.is_true(now.generation > before.generation)
    assert.equal(before.hash, now.hash)
    assert.equal(before.history[2].generation, now.history[2].generation)
    loop.wait_until("the hoard is gone", 10, function()
      local answer = client:post "/hoard"
      return answer.status == 200 and answer:json().kept < 5
    end)
  end)

  -- ---- what is broken changes nothing ----

  describe("that are broken, while others ask all the while,", function()
    local over, asked, failed, askers

    setup(function()
      over, asked, failed, askers = false, {}, {}, {}
      for i, path in ipairs { "/movies/1", "/movies/top" } do
        asked[i] = 0
        askers[i] = loop.go(function()
          local own = plateia:client()
          while not over do
            local answer, why = own:try("GET", path)
            asked[i] = asked[i] + 1
            if not answer or answer.status ~= 200 then
              failed[#failed + 1] = ("%s: %s"):format(path, answer and answer.status or why)
            end
          end
          own:close()
        end)
      end
    end)

    teardown(function()
      over = true
      for _, asker in ipairs(askers) do asker:join(20) end
    end)

    -- What both askers got since the last look: answers, and nothing else.
    local function all_were_answered()
      local before = { table.unpack(asked) }
      loop.wait_until("both are answered", 10, function()
        return asked[1] > before[1] and asked[2] > before[2]
      end)
      assert.same({}, failed)
    end

    -- `text`: what is saved; a function makes it of what is there; false removes the file. The line is that of the
    -- reason and of the order's answer.
    local broken = {
      { "a syntax error", "scripts/routes/say.lua", "return return", "say.lua:1:" },
      { "an error at load", "scripts/routes/say.lua", "local x\nreturn x.y", "say.lua:2:" },
      { "a module that is not there", "scripts/routes/say.lua", "\nreturn require 'lib.nothing'", "say.lua:2:" },
      { "an empty file", "scripts/routes/say.lua", "", "say.lua:1:" },
      { "a file that returns nothing", "scripts/routes/say.lua", "local x = 1", "say.lua:1:" },
      { "a lib file that is removed", "scripts/lib/cursor.lua", false,
        'movies.lua:2: there is no module "lib.cursor"' },
      { "a loop at load", "scripts/routes/say.lua", "local n = 0\nwhile true do n = n + 1 end",
        "say.lua:2: loading takes longer than" },
      { "a memory bomb at load", "scripts/routes/say.lua", "local s = 'x'\nwhile true do s = s .. s end",
        "more memory" },
      { "an unknown event", "scripts/observers/count.lua", "return { on = 'nothing.happened', run = function() end }",
        "count.lua:1:" },
      { "a route that is there already", "scripts/routes/say.lua", (SAY:gsub("/say", "/movies/top")),
        "GET /movies/top: stands already at" },
      { "a query that PostgreSQL refuses", "sql/queries/nap.sql", (NAP:gsub("pg_sleep", "pg_nap")), "nap.sql:3:" },
      { "a query without a class", "sql/queries/nap.sql", "SELECT 1 AS one", "nap.sql:1:" },
      { "a channel that cannot send", "scripts/notifications/pigeon.lua",
        "return { name = 'pigeon', check = function() return true end }", "send is missing" },
      { "an adapter whose sample no longer translates", "scripts/adapters/vega.lua",
        function(text) return (text:gsub('title = "Title"', 'title = "Titel"')) end,
        "adapter vega: its sample has no title" },
    }
    for _, case in ipairs(broken) do
      local what, name, text, reason = table.unpack(case)
      it("refuse " .. what .. ", go on, and take the next good save", function()
        local good = uv.fs_stat(folder:path(name)) and folder:read(name)
        local before, spoken, seen = state().generation, word(), state().last_failure
        local function mend()
          if good then folder:save(name, good) else uv.fs_unlink(folder:path(name)) end
        end
        finally(mend)
        if text then
          folder:save(name, type(text) == "function" and text(good) or text)
        else
          folder:remove(name)
        end
        local failure = refused(seen, reason)
        assert.same({ before, spoken }, { state().generation, word() })
        local status, answer = order "/scripts/reload"
        assert.same({ 409, "refused", before, failure.reason },
          { status, answer.outcome, answer.generation, answer.reason })
        assert.truthy(math.type(answer.line) == "integer" and uv.fs_stat(answer.file), answer.reason)
        assert.truthy(answer.reason:find(("%s:%d: "):format(answer.file, answer.line), 1, true), answer.reason)
        mend()
        folder:save("scripts/routes/slow.lua", SLOW:format("after " .. what))
        loop.wait_until("the next good save is served", 10, function()
          return word "/slow?seconds=0" == "after " .. what, state().last_failure.reason
        end)
        all_were_answered()
      end)
    end

    it("refuse to lose a route that app.lua requires, or its login", function()
      local before, seen = state().generation, state().last_failure
      finally(function() folder:restore "scripts/routes/vote.lua" end)
      folder:edit("scripts/routes/vote.lua", "depends = { user = signed_in },", "")
      seen = refused(seen, "bearer")
      assert.equal(401, client:post("/vote/1").status)
      assert.equal(5, select(2, order "/scripts/reload").line)
      folder:remove "scripts/routes/vote.lua"
      refused(seen, "there is no route POST /vote/{movie_id}")
      assert.equal(401, client:post("/vote/1").status)
      assert.equal(25, select(2, order "/scripts/reload").line)
      assert.equal(before, state().generation)
      all_were_answered()
    end)
  end)
end)

describe("scripts that are edited while the database is away", function()
  it("are served, and a new query is as soon as the database can be asked", function()
    local cluster = database.start()
    local folder = scripts.copy()
    folder:save("scripts/routes/say.lua", SAY:format "one")
    folder:save("sql/queries/nap.sql", NAP)
    local plateia = server.start { database = cluster:create "away", settings = folder.settings }
    local client = plateia:client()
    local function state() return plateia.admin:get("/scripts"):json() end
    local function until_word(wanted)
      loop.wait_until("it says " .. wanted, 30, function() return client:get("/say"):json().word == wanted end)
    end
    cluster:stop "immediate"
    folder:save("scripts/routes/say.lua", SAY:format "two")
    until_word "two"
    folder:edit("sql/queries/nap.sql", "AS slept", "AS slept, 2 AS n")
    folder:save("scripts/routes/say.lua", SAY:format "three")
    loop.wait_until("it waits", 10, function() return state().last_failure ~= http.null end)
    local answer = plateia.admin:post("/scripts/reload", { headers = { ["X-Plateia-Admin"] = "1" } })
    assert.equal(503, answer.status)
    assert.equal("two", client:get("/say"):json().word)
    cluster:start()
    until_word "three"
    client:close()
    plateia:stop()
    cluster:stop "fast"
  end)
end)
