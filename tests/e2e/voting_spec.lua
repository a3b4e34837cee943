-- One vote a month, whatever happens at the same time.

local crowd = require "support.crowd"
local database = require "support.database"
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
