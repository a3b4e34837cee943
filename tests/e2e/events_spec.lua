-- What a vote sets off: observers, other servers, and what was put off until the answer was given.

local crowd = require "support.crowd"
local database = require "support.database"
local loop = require "support.loop"
local server = require "support.server"

local function count(text, words)
  local found = 0
  for _ in text:gmatch(words) do found = found + 1 end
  return found
end

local function votes_on_top(client)
  local items = client:get("/movies/top?limit=1"):json().items
  return items[1] and items[1].votes or 0
end

local function cast_all(plateia, users, width, film)
  local clients = {}
  for i = 1, width do clients[i] = plateia:client() end
  local answers = loop.each(users, width, function(user)
    local client = table.remove(clients)
    local answer = client:post("/vote/" .. film, { token = user.token })
    clients[#clients + 1] = client
    return answer
  end, 60)
  for _, client in ipairs(clients) do client:close() end
  for _, answer in ipairs(answers) do assert.equal(201, answer.status) end
end

describe("observers", function()
  local COUNTING = [[
    local log = require "plateia.log"
    local ids = {}
    return { on = "vote.cast", run = function(events)
      for _, event in ipairs(events) do
        ids[event.user_id] = (ids[event.user_id] or 0) + 1
        log.info("seen", { user = event.user_id, times = ids[event.user_id] })
      end
    end }]]
  local RAISING = [[
    return { on = "vote.cast", every = 0.1, run = function() error "this one is broken" end }]]
  local SLOW = [[
    local db = require "plateia.db"
    local lock = db.query "lock_standings"
    return { on = "vote.cast", run = function()
      for _ = 1, 500 do lock() end
    end }]]

  it("see each vote once, and harm none when they raise or are slow", function()
    local db = database.cluster():create "observed"
    local folder = server.scripts_with { ["observers/a_counting.lua"] = COUNTING, ["observers/b_raising.lua"] = RAISING,
      ["observers/c_slow.lua"] = SLOW }
    local plateia = server.start { database = db, settings = { PLATEIA_SCRIPTS = folder } }
    local users = crowd.make(db, server.SECRET, "observed", 500)
    cast_all(plateia, users, 50, 7)

    loop.wait_until("all are seen", 10, function() return count(plateia:output(), '"message":"seen"') >= 500 end)
    local client = plateia:client()
    loop.wait_until("the ranking shows all", 5, function() return votes_on_top(client) == 500 end)
    local output = plateia:output()
    assert.equal(500, count(output, '"message":"seen"'))
    assert.equal(500, count(output, '"times":1[,}]'))
    assert.is_true(count(output, "observers/b_raising.lua:%d+.-this one is broken") >= 1)
    assert.equal(0, count(output, '"message":"handler'))
    client:close()
    plateia:stop()
  end)

  it("are refused when they wait for what never comes", function()
    local folder = server.scripts_with { ["observers/lost.lua"] = 'return { on = "vote.casst", run = function() end }' }
    local plateia = server.launch { database = database.cluster():create "refused", settings = {
      PLATEIA_SCRIPTS = folder } }
    assert.equal(1, (plateia.process:wait(30)))
    assert.matches('observers/lost.lua:1: observer: there is no event \\"vote.casst\\"', plateia:output(), 1, true)
  end)
end)

describe("two servers on one database", function()
  it("show each other's votes within a second, and the recount after the database restarted", function()
    local cluster = database.start()
    local db = cluster:create "two"
    local one, other = server.start { database = db }, server.start { database = db }
    local users = crowd.make(db, server.SECRET, "two", 300)
    local here, there = one:client(), other:client()
    assert.equal(0, votes_on_top(there)) -- cached, for five minutes if nobody told it otherwise

    for i = 1, 5 do
      assert.equal(201, here:post("/vote/3", { token = users[i].token }).status)
      local before = loop.now()
      loop.wait_until("both show it", 5, function() return votes_on_top(there) == i and votes_on_top(here) == i end)
      assert.is_true(loop.now() - before < 1, "seen after " .. loop.now() - before .. " s")
    end

    cluster:stop "immediate"
    loop.wait_until("not ready", 10, function() return not one:ready() and not other:ready() end)
    cluster:start()
    one:wait_ready(20)
    other:wait_ready(20)
    cast_all(one, { table.unpack(users, 6, 150) }, 10, 3)
    cast_all(other, { table.unpack(users, 151, 300) }, 10, 3)
    loop.wait_until("both show all", 10, function()
      return votes_on_top(here) == 300 and votes_on_top(there) == 300
    end)
    here:close()
    there:close()
    one:audit(db)
    other:audit(db)
    one:stop()
    other:stop()
    cluster:stop "fast"
  end)

  it("find out what nobody told them", function()
    local db = database.cluster():create "untold"
    local plateia = server.start { database = db }
    local users = crowd.make(db, server.SECRET, "untold", 2)
    local client = plateia:client()
    assert.equal(0, votes_on_top(client))
    -- As a server that ended before it could fold and tell has left it.
    db:run(([[
      INSERT INTO votes (month, user_id, movie_id, voted_at) VALUES (voting_month(), %d, 4, now());
      INSERT INTO tallies (month, movie_id, slot, votes) VALUES (voting_month(), 4, 9, 1);
      INSERT INTO tally_totals (month, slot, votes) VALUES (voting_month(), 9, 1)]]):format(users[1].id))
    loop.wait_until("the watch has folded it", 8, function() return votes_on_top(client) == 1 end)
    client:close()
    plateia:stop()
  end)
end)

describe("background work", function()
  local ROUTES = [[
    local route, field = require "plateia.route", require "plateia.field"
    local background, log, db = require "plateia.background", require "plateia.log", require "plateia.db"
    local size = db.one "catalogue_size"
    local Done = field.object({ queued = field.integer {}, busy = field.integer {} }, { name = "Done" })

    local function slow(word)
      local row = assert(size())
      log.info("worked", { word = word, films = row.films })
    end
    local function broken() error "broken work" end

    return route.post "/work/{times}" {
      path = { times = field.integer { min = 1, max = 5000 } },
      answers = { [200] = Done },
      handler = function(req)
        local queued, busy = 0, 0
        background.after(broken)
        for i = 1, req.path.times do
          local fine, _, code = background.after(slow, "w" .. i)
          if fine then queued = queued + 1 end
          if code == "busy" then busy = busy + 1 end
        end
        log.info("answering")
        return { queued = queued, busy = busy }
      end,
    }]]
  local db, folder

  setup(function()
    db = database.cluster():create "background"
    folder = server.scripts_with { ["routes/work.lua"] = ROUTES }
  end)

  local function start()
    return server.start { database = db, settings = { PLATEIA_SCRIPTS = folder, PLATEIA_WORKERS = "1" } }
  end

  it("runs after the answer, in its order, and survives what raises", function()
    local plateia = start()
    local client = plateia:client()
    assert.same({ queued = 3, busy = 0 }, client:post("/work/3"):json())
    loop.wait_until("it is done", 5, function() return count(plateia:output(), '"message":"worked"') == 3 end)
    local output = plateia:output()
    local answered = assert(output:find '"message":"request"[^\n]*"path":"/work/3"')
    local first = assert(output:find('"word":"w1"', 1, true))
    assert.is_true(answered < first)
    assert.is_true(first < assert(output:find('"word":"w3"', 1, true)))
    assert.matches("routes/work.lua:%d+", output:match '"message":"background work raised"[^\n]*')
    assert.matches("broken work", output:match '"message":"background work raised"[^\n]*')
    client:close()
    plateia:stop()
  end)

  it("is bounded, and waited for at the end", function()
    local plateia = start()
    local client = plateia:client()
    local answer = client:post("/work/1500"):json()
    assert.same({ queued = 1023, busy = 477 }, answer)
    client:close()
    plateia:stop()
    assert.equal(1023, count(plateia:output(), '"message":"worked"'))
  end)
end)
