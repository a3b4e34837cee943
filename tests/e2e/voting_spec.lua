-- One vote a month, whatever happens at the same time.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local server = require "support.server"

local function count_by(list, key)
  local counts = {}
  for _, each in ipairs(list) do counts[key(each)] = (counts[key(each)] or 0) + 1 end
  return counts
end

local function status_of(answer)
  return answer.status
end

-- How many batches wait in the database.
local function held(db)
  return db:value "SELECT count(*) FROM pg_locks WHERE relation = 'votes'::regclass AND NOT granted"
end

-- How many connections of that port are open, and how many bytes of theirs nobody has read yet.
local function unread(port)
  local count, bytes = 0, 0
  for line in io.lines "/proc/net/tcp" do
    local own, queue = line:match "^%s*%d+: %x+:(%x+) %x+:%x+ 01 %x+:(%x+)"
    if own and tonumber(own, 16) == port then count, bytes = count + 1, bytes + tonumber(queue, 16) end
  end
  return count, bytes
end

describe("voting", function()
  local db, plateia, client

  setup(function()
    db = database.cluster():create "voting"
    plateia = server.start { database = db }
    client = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("counts once a month, and says when the next vote is", function()
    local user = crowd.make(db, server.SECRET, "once", 1)[1]
    local month = db:value "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')"
    local cast = client:post("/vote/7", { token = user.token })
    assert.equal(201, cast.status)
    assert.equal(7, cast:json().movie_id)
    assert.equal(month, cast:json().month)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.?%d*Z$", cast:json().voted_at)

    for _, film in ipairs { 7, 8 } do
      local again = client:post("/vote/" .. film, { token = user.token })
      assert.equal(409, again.status)
      assert.is_string(again:json().detail)
      assert.matches("^%d%d%d%d%-%d%d%-01T00:00:00%.?0*Z$", again:json().next_vote_at)
    end

    local mine = client:get("/me/votes", { token = user.token }):json()
    assert.equal(1, #mine.items)
    assert.equal(7, mine.items[1].movie_id)
    assert.equal(client:post("/vote/7", { token = user.token }):json().next_vote_at, mine.next_vote_at)
  end)

  it("is for films that exist and people who are signed in", function()
    local user = crowd.make(db, server.SECRET, "lost", 1)[1]
    assert.equal(404, client:post("/vote/999999999", { token = user.token }).status)
    assert.equal(422, client:post("/vote/seven", { token = user.token }).status)
    assert.equal(422, client:post("/vote/0", { token = user.token }).status)
    assert.equal(401, client:post("/vote/7").status)
    assert.equal(201, client:post("/vote/7", { token = user.token }).status) -- none of these cost the vote
  end)

  it("lets one of 200 simultaneous votes of a user through", function()
    local user = crowd.make(db, server.SECRET, "eager", 1)[1]
    local clients = {}
    for i = 1, 200 do clients[i] = plateia:client(user.token) end
    loop.each(clients, 200, function(each) return each:get "/me" end) -- all connected
    local answers = loop.each(clients, 200, function(each, i) return each:post("/vote/" .. 1 + i % 50) end)
    assert.same({ [201] = 1, [409] = 199 }, count_by(answers, status_of))
    assert.equal(1, db:value("SELECT count(*) FROM votes WHERE user_id = " .. user.id))
    plateia:audit(db)
  end)

  it("counts 2,000 people at once exactly", function()
    local before = db:value "SELECT count(*) FROM votes"
    local users = crowd.make(db, server.SECRET, "many", 2000)
    local clients = {}
    for i = 1, 200 do clients[i] = plateia:client() end
    local function vote(user, i)
      local each = table.remove(clients)
      local answer = each:post("/vote/" .. 1 + i * i % 17, { token = user.token })
      clients[#clients + 1] = each
      return answer
    end
    assert.same({ [201] = 2000 }, count_by(loop.each(users, 200, vote, 120), status_of))
    assert.same({ [409] = 500 }, count_by(loop.each({ table.unpack(users, 1, 500) }, 200, vote, 120), status_of))
    assert.equal(before + 2000, db:value "SELECT count(*) FROM votes")
    plateia:audit(db)

    local expected = db:rows [[SELECT movie_id, count(*) FROM votes GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10]]
    local top = loop.wait_until("the ranking shows them", 10, function()
      local items = client:get("/movies/top?limit=10"):json().items
      return items[1] and tostring(items[1].votes) == expected[1][2] and items
    end)
    for i, item in ipairs(top) do
      assert.same(expected[i], { tostring(item.id), tostring(item.votes) })
    end
  end)
end)

describe("votes that come while others are being committed", function()
  local db, plateia

  setup(function()
    db = database.cluster():create "together"
    plateia = server.start { database = db,
      settings = { PLATEIA_DB_WAIT_MS = "60000", PLATEIA_DB_LEASE_TIMEOUT_MS = "60000" } }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("share a few commits", function()
    local clients = {}
    for i, user in ipairs(crowd.make(db, server.SECRET, "together", 500)) do
      clients[i] = plateia:client(user.token)
      clients[i].seconds = 60
    end
    loop.each(clients, 500, function(each) return each:get "/me" end) -- all connected
    local release = db:hold("votes", "SHARE") -- nobody can vote
    local votes = loop.go(function()
      return loop.each(clients, 500, function(each, i) return each:post("/vote/" .. 1 + i % 50) end, 60)
    end)
    loop.wait_until("the server has read them all", 30, function()
      local count, bytes = unread(plateia.port)
      return count >= 500 and bytes == 0 and held(db) > 0
    end)
    release()
    local answers = votes:join(60)
    for _, each in ipairs(clients) do each:close() end
    assert.same({ [201] = 500 }, count_by(answers, status_of))
    assert.equal(500, db:value "SELECT count(*) FROM votes")
    -- Two workers: one batch each that was held with what had come first, and one or two of all the others.
    assert.is_true(db:value "SELECT count(DISTINCT xmin::text) FROM votes" <= 12)
    plateia:audit(db)
  end)

  it("count also where the voter has gone meanwhile", function()
    local user = crowd.make(db, server.SECRET, "gone", 1)[1]
    local release = db:hold("votes", "SHARE") -- nobody can vote
    local conn = assert(http.connect(plateia.port))
    conn:send(("POST /vote/3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAuthorization: Bearer %s\r\n\r\n")
      :format(user.token))
    loop.wait_until("it is on its way", 10, function() return held(db) == 1 end)
    conn:close()
    loop.wait_until("the server knows", 10, function() return unread(plateia.port) == 0 end)
    release()
    loop.wait_until("the vote is there", 10, function()
      return db:value("SELECT count(*) FROM votes WHERE user_id = " .. user.id) == 1
    end)
    plateia:audit(db)
  end)
end)

describe("a month's end", function()
  it("gives everybody a new vote", function()
    local db = database.cluster():create "month"
    local function at(time)
      db:run(("ALTER DATABASE month SET plateia.now = '%s'"):format(time))
      return server.start { database = db }
    end

    local plateia = at "2026-03-31 23:59:59.5+00"
    local user = crowd.make(db, server.SECRET, "patient", 1)[1]
    local client = plateia:client(user.token)
    assert.equal("2026-03", client:post("/vote/1"):json().month)
    local again = client:post "/vote/1"
    assert.equal(409, again.status)
    assert.matches("^2026%-04%-01T00:00:00", again:json().next_vote_at)
    plateia:stop()

    plateia = at "2026-04-01 00:00:00+00"
    client = plateia:client(user.token)
    local cast = client:post "/vote/2"
    assert.equal(201, cast.status)
    assert.equal("2026-04", cast:json().month)
    assert.matches("^2026%-05%-01T00:00:00", client:post("/vote/2"):json().next_vote_at)
    assert.equal(2, #client:get("/me/votes"):json().items)

    plateia:audit(db)
    local function top(period)
      local items = client:get("/movies/top?period=" .. period):json().items
      local ids = {}
      for i, item in ipairs(items) do ids[i] = item.id end
      return ids
    end
    loop.wait_until("all three rankings are there", 10, function()
      return #top "all" == 2 and #top "current" == 1 and #top "2026-03" == 1
    end)
    assert.same({ 1 }, top "2026-03")
    assert.same({ 2 }, top "current")
    assert.same({ 2 }, top "2026-04")
    plateia:stop()
  end)
end)
