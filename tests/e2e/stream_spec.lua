-- The ranking as a stream: what is told at once, what follows, and that whatever happens meanwhile, everybody who
-- watches ends with what the database says.

local crowd = require "support.crowd"
local database = require "support.database"
local events = require "support.events"
local http = require "support.http"
local loop = require "support.loop"
local scripts = require "support.scripts"
local server = require "support.server"

local STREAM = "/movies/top/stream"

local function cast(client, user, film)
  assert.equal(201, client:post("/vote/" .. film, { token = user.token }).status)
end

-- The race as the database has it: "id votes" in order, and the total.
local function truth(db)
  local rows = db:rows [[SELECT movie_id, votes FROM standings WHERE period = to_char(voting_month(), 'YYYY-MM')
    AND votes > 0 ORDER BY votes DESC, movie_id LIMIT 20]]
  local parts = {}
  for i, row in ipairs(rows) do parts[i] = row[1] .. " " .. row[2] end
  return table.concat(parts, ",") .. " of " .. db:value "SELECT coalesce(sum(votes), 0) FROM tally_totals"
end

local function shown(stream)
  local ranking = stream:last "ranking"
  if not ranking then return "nothing" end
  local parts = {}
  for i, item in ipairs(ranking.data.items) do
    assert.equal(i, item.rank)
    parts[i] = ("%d %d"):format(item.id, item.votes)
  end
  return table.concat(parts, ",") .. " of " .. ranking.data.total
end

-- Every stream shows what the database says, within so many seconds.
local function assert_equal_to(db, seconds, streams)
  for i, stream in ipairs(streams) do
    loop.wait_until("stream " .. i .. " equals the database", seconds, function()
      local want, have = truth(db), shown(stream)
      return want == have, ("%s, not %s"):format(have, want)
    end)
  end
end

local function ids_rise(stream)
  local boot, last
  for _, event in ipairs(stream.seen) do
    if event.event == "ranking" then
      local its, number = event.id:match "^(%x+)-(%d+)$"
      number = tonumber(number)
      assert.equal(boot or its, its)
      assert.is_true(number > (last or 0))
      boot, last = its, number
    end
  end
end

describe("the stream", function()
  local db, plateia, folder, users, client
  local next_user = 0

  local function user()
    next_user = next_user + 1
    return users[next_user]
  end

  setup(function()
    db = database.cluster():create "streams"
    folder = scripts.copy()
    folder.settings.PLATEIA_STREAM_PING_MS = "600"
    plateia = server.start { database = db, settings = folder.settings }
    users = crowd.make(db, server.SECRET, "watcher", 700)
    client = plateia:client()
  end)

  teardown(function()
    client:close()
    plateia:stop()
  end)

  it("begins with hello and the whole race, and shows a vote", function()
    cast(client, user(), 3)
    local stream = events.watch(plateia.port)
    loop.wait_until("it has begun", 5, function() return stream:last "ranking" end)
    local hello = stream.seen[1]
    assert.equal("hello", hello.event)
    assert.equal("ranking", hello.data.stream)
    assert.is_true(hello.data.generation >= 1)
    assert.matches("^%d+$", hello.retry)
    for _, line in ipairs { "Content-Type: text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no",
      "X-Content-Type-Options: nosniff" } do
      assert.is_truthy(stream.head:find("\r\n" .. line .. "\r\n", 1, true), line)
    end
    assert.matches("X%-Request%-Id: %x+", stream.head)

    assert_equal_to(db, 5, { stream })
    for film = 4, 9 do
      local before = loop.now()
      cast(client, user(), film)
      loop.wait_until("it is shown", 5, function() return shown(stream):find("%f[%d]" .. film .. " 1%f[%D]") end)
      assert.is_true(loop.now() - before < 1 * loop.patience, "seen after " .. loop.now() - before .. " s")
    end
    local top = client:get("/movies/top?period=current&limit=20"):json()
    local ranking = stream:last "ranking"
    assert.same(top.items, ranking.data.items)
    assert.equal(hello.data.boot, ranking.id:match "^%x+")
    assert.equal(db:value "SELECT to_char(voting_month(), 'YYYY-MM')", ranking.data.period)
    loop.wait_until("it is pinged", 5, function()
      stream:pump()
      for _, event in ipairs(stream.seen) do
        if event.comment == "ping" then return true end
      end
    end)
    ids_rise(stream)
    stream:close()
  end)

  it("gives the newest frame for any last id, and to whoever sends more behind the request", function()
    local streams = {}
    for i, id in ipairs { "0badcafe-1", "nonsense", "00000000-99999999" } do
      streams[i] = events.watch(plateia.port, { headers = { ["Last-Event-ID"] = id } })
    end
    streams[4] = events.watch(plateia.port, { more = ("GET /movies/7 HTTP/1.1\r\nHost: h\r\n\r\n"):rep(20) })
    streams[5] = events.watch(plateia.port, { more = "no HTTP at all" })
    assert_equal_to(db, 5, streams)
    cast(client, user(), 5)
    assert_equal_to(db, 5, streams)
    for _, stream in ipairs(streams) do
      assert.is_nil(stream:ended())
      for _, event in ipairs(stream.seen) do assert.is_nil(event.comment and event.comment:find "HTTP") end
      stream:close()
    end
    -- Descriptors that were given away are nobody's any more: others are served on the same numbers.
    for _ = 1, 20 do
      local other = plateia:client()
      assert.equal(200, other:get("/movies/7").status)
      other:close()
    end
  end)

  it("refuses clearly what it is not", function()
    assert.equal(405, client:post(STREAM).status)
    local head = client:ask("HEAD", STREAM)
    assert.equal(200, head.status)
    assert.equal("text/event-stream", head.headers["content-type"])
    assert.equal(406, client:get(STREAM, { headers = { Accept = "application/json" } }).status)
    assert.equal(422, client:get(STREAM .. "?period=2026-01").status)
    local old = assert(http.connect(plateia.port))
    old:send("GET " .. STREAM .. " HTTP/1.0\r\n\r\n")
    assert.is_truthy(old:take_until "event: ranking\n")
    old:close()
  end)

  it("loses none who stops reading, and shows him the newest", function()
    db:run "UPDATE movies SET title = repeat('long ', 400) WHERE id BETWEEN 20 AND 49" -- so that they fill a socket
    local slow, quick = events.watch(plateia.port, { receive = 65536 }), events.watch(plateia.port)
    assert_equal_to(db, 5, { slow, quick })
    slow:stop_reading()
    local until_then = loop.now() + 2
    local films = 0
    while loop.now() < until_then do
      films = films + 1
      cast(client, user(), 20 + films % 30)
      loop.sleep(0.02)
    end
    assert_equal_to(db, 5, { quick })
    slow:go_on_reading()
    assert_equal_to(db, 5, { slow, quick })
    assert.is_true(slow:count "ranking" < quick:count "ranking")
    ids_rise(slow)
    ids_rise(quick)
    slow:close()
    quick:close()
  end)

  it("goes on through reloads, and its words change while it is watched", function()
    local stream = events.watch(plateia.port)
    assert_equal_to(db, 5, { stream })
    local observer = "scripts/observers/ranking_stream.lua"
    folder:edit(observer, "ranking.race(20)", "ranking.race(2)")
    loop.wait_until("two films are shown", 10, function() return #stream:last("ranking").data.items == 2 end)
    folder:restore(observer)
    loop.wait_until("all are shown", 10, function() return #stream:last("ranking").data.items > 2 end)
    for i = 1, 100 do
      folder:save("scripts/lib/spare.lua", "return " .. i)
      if i % 10 == 0 then cast(client, user(), 60 + i) end
      local answer = plateia.admin:post("/scripts/reload", { headers = { ["X-Plateia-Admin"] = "1" } })
      assert.equal(200, answer.status)
    end
    assert_equal_to(db, 10, { stream })
    folder:edit(observer, "stream.publish", "stream.pubish")
    cast(client, user(), 90)
    loop.wait_until("it fails", 10, function() return plateia:output():find("observer failed", 1, true) end)
    folder:restore(observer)
    assert_equal_to(db, 10, { stream })
    assert.is_nil(stream:ended())
    ids_rise(stream)
    folder:remove "scripts/lib/spare.lua"
    stream:close()
  end)

  it("sees what nobody told: a new title", function()
    local stream = events.watch(plateia.port)
    assert_equal_to(db, 5, { stream })
    local top = stream:last("ranking").data.items[1].id
    db:run(("UPDATE movies SET title = 'Another title' WHERE id = %d"):format(top))
    loop.wait_until("the title is shown", 10, function()
      return stream:last("ranking").data.items[1].title == "Another title"
    end)
    stream:close()
  end)
end)

describe("a server that ends", function()
  it("says goodbye to those who watch, and waits for none who does not read", function()
    local plateia = server.start { database = database.cluster():create "goodbye", settings = {
      PLATEIA_STREAM_MAX = "4" } }
    local streams = {}
    for i = 1, 4 do streams[i] = events.watch(plateia.port) end
    local client = plateia:client()
    local answer = client:get(STREAM)
    assert.equal(503, answer.status)
    assert.equal("10", answer.headers["retry-after"])
    streams[4]:close()
    loop.wait_until("a place is free", 5, function()
      local found, stream = pcall(events.watch, plateia.port)
      if found then streams[4] = stream end
      return found
    end)
    client:close()
    for _, stream in ipairs(streams) do loop.wait_until("it began", 5, function() return stream:last "hello" end) end
    streams[1]:stop_reading()
    plateia:stop()
    for i = 2, 4 do
      assert.is_truthy(streams[i]:last "shutdown")
      assert.equal("shutdown", streams[i].seen[#streams[i].seen].event)
      assert.is_truthy(streams[i]:ended())
    end
    for _, stream in ipairs(streams) do stream:close() end
  end)
end)

describe("two servers on one database", function()
  local cluster, db, one, other, users

  setup(function()
    cluster = database.start()
    db = cluster:create "shown"
    one, other = server.start { database = db }, server.start { database = db }
    users = crowd.make(db, server.SECRET, "pair", 120)
  end)

  teardown(function()
    one:stop()
    other:stop()
    cluster:stop "fast"
  end)

  local function cut_listening()
    return db:value [[SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE datname = current_database() AND query ILIKE 'listen %']]
  end

  it("show the same, though the listening connections are cut and the database restarts", function()
    local here, there = one:client(), other:client()
    local streams = { events.watch(one.port), events.watch(other.port), events.watch(other.port) }
    assert_equal_to(db, 5, streams)
    for i = 1, 20 do cast(i % 2 == 0 and here or there, users[i], i % 7 + 1) end
    assert_equal_to(db, 5, streams)

    assert.equal(2, cut_listening())
    for i = 21, 40 do cast(here, users[i], i % 5 + 1) end
    assert_equal_to(db, 5, streams)

    cluster:stop "immediate"
    loop.wait_until("not ready", 10, function() return not one:ready() and not other:ready() end)
    for _, stream in ipairs(streams) do assert.is_nil(stream:ended()) end
    cluster:start()
    one:wait_ready(20)
    other:wait_ready(20)
    assert_equal_to(db, 5, streams)
    for i = 41, 80 do cast(i % 2 == 0 and here or there, users[i], i % 9 + 1) end
    assert_equal_to(db, 5, streams)
    for _, stream in ipairs(streams) do
      assert.is_nil(stream:ended())
      ids_rise(stream)
      stream:close()
    end
    here:close()
    there:close()
  end)

  it("show what was counted by one that died before it could tell", function()
    local stream = events.watch(other.port)
    assert_equal_to(db, 5, { stream })
    db:run(([[
      INSERT INTO votes (month, user_id, movie_id, voted_at) VALUES (voting_month(), %d, 4, now());
      INSERT INTO tallies (month, movie_id, slot, votes) VALUES (voting_month(), 4, 9, 1)
        ON CONFLICT (month, movie_id, slot) DO UPDATE SET votes = tallies.votes + 1;
      INSERT INTO tally_totals (month, slot, votes) VALUES (voting_month(), 9, 1)
        ON CONFLICT (month, slot) DO UPDATE SET votes = tally_totals.votes + 1]]):format(users[100].id))
    assert_equal_to(db, 8, { stream })
    stream:close()
  end)
end)
