-- What an answered vote is worth when things break: the database stops, the server is killed.

local crowd = require "support.crowd"
local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

-- `width` clients go on voting, each time as another user, until the returned function is called. Beside it comes
-- what they have seen so far: counts of statuses (and of "none", where no answer came), the ids of users whose vote
-- was answered with 201, and the other answers.
local function load_of(plateia, users, width)
  local seen = { counts = {}, cast = {}, others = {} }
  local runners, going, next_user = {}, true, 0
  local function note(answer, why, user)
    local status = answer and answer.status or "none"
    seen.counts[status] = (seen.counts[status] or 0) + 1
    if status == 201 then
      table.insert(seen.cast, user.id)
    else
      table.insert(seen.others, answer or why)
    end
    return status
  end
  for i = 1, width do
    runners[i] = loop.go(function()
      local client = plateia:client()
      while going do
        next_user = next_user + 1
        local user = assert(users[next_user], "the crowd is too small")
        local answer, why = client:try("POST", "/vote/" .. 1 + user.id % 40, { token = user.token })
        loop.sleep(note(answer, why, user) == 201 and 0.002 or 0.05)
      end
      client:close()
    end)
  end
  return function()
    going = false
    for _, runner in ipairs(runners) do runner:join() end
  end, seen
end

-- How many of these users have a vote in the table.
local function votes_of(db, ids)
  return #ids == 0 and 0
    or db:value("SELECT count(*) FROM votes WHERE user_id = ANY ('{" .. table.concat(ids, ",") .. "}')")
end

describe("a database that stops for five seconds", function()
  it("costs 503s and no vote", function()
    local cluster = database.start()
    local db = cluster:create "faults"
    local plateia = server.start { database = db }
    local users = crowd.make(db, server.SECRET, "fault", 40000)
    local stop, seen = load_of(plateia, users, 16)
    loop.wait_until("votes are cast", 10, function() return #seen.cast > 200 end)

    cluster:stop "immediate"
    local cast_before = #seen.cast
    loop.wait_until("somebody is told to wait", 10, function() return (seen.counts[503] or 0) > 20 end)
    assert.equal(200, plateia.admin:get("/live").status)
    loop.wait_until("not ready", 10, function() return not plateia:ready() end)
    loop.sleep(5)
    cluster:start()
    loop.wait_until("votes are cast again", 30, function() return #seen.cast > cast_before + 200 end)
    plateia:wait_ready(10)

    stop()
    for status in pairs(seen.counts) do assert.is_true(status == 201 or status == 503, status) end
    for _, answer in ipairs(seen.others) do
      assert.matches("^%d+$", answer.headers["retry-after"])
      assert.is_string(answer:json().detail)
    end
    assert.equal(#seen.cast, votes_of(db, seen.cast))
    plateia:audit(db)
    plateia:stop()
    cluster:stop "fast"
  end)
end)

describe("a server killed ten times", function()
  it("loses no answered vote, counts none twice, and leaves no process behind", function()
    local plateia = server.start()
    local data, cast = plateia.data, {}
    local db = database.embedded(data)
    local users = crowd.make(db, server.SECRET, "killed", 30000)
    local first = 1
    for _ = 1, 10 do
      local share = table.move(users, first, first + 2999, 1, {})
      first = first + 3000
      local stop, seen = load_of(plateia, share, 16)
      loop.wait_until("votes are cast", 20, function() return #seen.cast > 50 end)
      plateia:kill()
      stop()
      table.move(seen.cast, 1, #seen.cast, #cast + 1, cast)
      loop.wait_until("nothing is left of it", 3, function() return #process.working_in(data) == 0 end)
      plateia = server.start { data = data }
    end
    assert.is_true(#cast > 500)
    assert.equal(#cast, votes_of(db, cast))
    plateia:audit(db)
    plateia:stop()
  end)
end)
