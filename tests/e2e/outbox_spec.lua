-- Whoever wants to hear of a vote does: through channels that fail and servers that are killed.

local crowd = require "support.crowd"
local database = require "support.database"
local fickle = require "support.fickle"
local loop = require "support.loop"
local server = require "support.server"
local process = require "support.process"

local function voters(db, name, count, channel)
  local users = crowd.make(db, server.SECRET, name, count)
  db:run(("UPDATE users SET notify_by = '%s' WHERE username LIKE '%s%%'"):format(channel, name))
  return users
end

-- All of them vote; how many were answered with 201.
local function vote(plateia, users)
  local cast = 0
  loop.each(users, 16, function(user)
    local client = plateia:client()
    local answer = client:try("POST", "/vote/" .. 1 + user.id % 40, { token = user.token })
    client:close()
    if answer and answer.status == 201 then cast = cast + 1 end
  end)
  return cast
end

local function wait_empty(db, seconds)
  loop.wait_until("the outbox is empty", seconds or 20, function()
    return db:value "SELECT count(*) FROM outbox" == 0
  end)
end

local function outbox(plateia, db, ...)
  return process.run(server.binary(), { args = { "outbox", ... }, seconds = 30,
    env = { DATABASE_URL = db.url, PLATEIA_DATA = plateia.data } })
end

describe("the channel log", function()
  local db, plateia, client

  setup(function()
    db = database.cluster():create "outbox"
    plateia = server.start { database = db }
    client = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("is what a sign-up may choose, beside none", function()
    local function sign_up(name, notify_by)
      return client:post("/signup", { json = { username = name, password = "correct horse", notify_by = notify_by } })
    end
    assert.equal(201, sign_up("listener", "log").status)
    assert.equal(201, sign_up("silent", nil).status)
    assert.equal("log", db:value "SELECT notify_by FROM users WHERE username = 'listener'")
    assert.equal("none", db:value "SELECT notify_by FROM users WHERE username = 'silent'")
    local refused = sign_up("other", "email")
    assert.equal(422, refused.status)
    assert.matches("'none' or 'log'", refused:json().detail[1].msg)
  end)

  it("delivers each vote's notification once, and those of nobody else", function()
    local users = voters(db, "heard", 200, "log")
    crowd.make(db, server.SECRET, "unheard", 1)
    assert.equal(200, vote(plateia, users))
    assert.equal(20, vote(plateia, crowd.make(db, server.SECRET, "deaf", 20)))
    wait_empty(db)
    local times, keys = fickle.delivered(plateia:output(), "notification")
    assert.equal(200, keys)
    for key, count in pairs(times) do assert.equal(1, count, key) end
    local heard = {}
    for name in plateia:output():gmatch '"message":"notification"[^\n]*"to":"(heard%d+)"' do heard[name] = true end
    for i = 1, 200 do assert.is_true(heard["heard" .. i], i) end
    assert.matches('"subject":"Your vote for [^"]+ was counted"', plateia:output())
  end)

  it("delivers nothing for a vote that was not counted", function()
    local user = voters(db, "again", 1, "log")[1]
    assert.equal(201, client:post("/vote/1", { token = user.token }).status)
    assert.equal(409, client:post("/vote/1", { token = user.token }).status)
    assert.equal(404, client:post("/vote/999999", { token = user.token }).status)
    wait_empty(db)
    local _, count = plateia:output():gsub('"to":"again1"', "")
    assert.equal(1, count)
  end)
end)

describe("a channel", function()
  local db, plateia, settings

  setup(function()
    db = database.cluster():create "fickle"
    settings = fickle.scripts(db)
    settings.PLATEIA_OUTBOX_RETRY_MS = "50"
    settings.PLATEIA_OUTBOX_RETRY_MOST_MS = "400"
    settings.PLATEIA_OUTBOX_LEASE_MS = "2000"
    settings.PLATEIA_OUTBOX_ATTEMPTS = "30"
    plateia = server.start { database = db, settings = settings }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("that fails is tried again until it works", function()
    fickle.set(db, "fails")
    assert.equal(60, vote(plateia, voters(db, "patient", 60, "fickle")))
    loop.wait_until("all were tried twice", 20, function()
      return db:value "SELECT count(*) FROM outbox WHERE attempts >= 2 AND last_error = 'the channel is down'" == 60
    end)
    assert.equal(0, select(2, fickle.delivered(plateia:output(), "fickle delivered")))
    fickle.set(db, "works")
    wait_empty(db)
    local times, keys = fickle.delivered(plateia:output(), "fickle delivered")
    assert.equal(60, keys)
    for key, count in pairs(times) do assert.equal(1, count, key) end
  end)

  it("that refuses for good leaves rows for an operator, who lists them and puts them back", function()
    local before = select(2, fickle.delivered(plateia:output(), "fickle delivered"))
    fickle.set(db, "refuses")
    assert.equal(5, vote(plateia, voters(db, "refused", 5, "fickle")))
    loop.wait_until("all are given up", 20, function()
      return db:value "SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL" == 5
    end)
    local code, text = outbox(plateia, db, "list")
    assert.equal(0, code, text)
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal(6, #lines, text)
    assert.matches("^key +state +channel +recipient +template +attempts +since +last_error$", lines[1])
    for i = 2, 6 do assert.matches("^%x+%-[%x-]+  dead   fickle   refused%d.*  no such bird$", lines[i]) end

    fickle.set(db, "works")
    code, text = outbox(plateia, db, "retry", lines[2]:match "^%S+")
    assert.same({ 0, "1 row is due now\n" }, { code, text })
    loop.wait_until("it is delivered", 20, function() return db:value "SELECT count(*) FROM outbox" == 4 end)
    code, text = outbox(plateia, db, "retry", "--all")
    assert.same({ 0, "4 rows are due now\n" }, { code, text })
    wait_empty(db)
    assert.equal(before + 5, (select(2, fickle.delivered(plateia:output(), "fickle delivered"))))
    assert.same({ 0, "the outbox is empty\n" }, { outbox(plateia, db, "list") })
    assert.same({ 0, "0 rows are due now\n" }, { outbox(plateia, db, "retry", "--all") })
  end)

  it("is asked for by an operator who is told what was wrong", function()
    local none = "00000000-0000-0000-0000-000000000000"
    local code, text = outbox(plateia, db, "retry", none)
    assert.equal(1, code)
    assert.truthy(text:find("no row has the key " .. none, 1, true), text)
    code, text = outbox(plateia, db, "retry", "pigeon")
    assert.equal(1, code)
    assert.truthy(text:find("pigeon is no key: plateia outbox list", 1, true), text)
    for _, words in ipairs { { "retry" }, { "lists" }, { "list", none }, {} } do
      code, text = outbox(plateia, db, table.unpack(words))
      assert.equal(2, code)
      assert.truthy(text:find("Usage: plateia outbox", 1, true), text)
    end
  end)

  it("doubles nothing when the server is stopped and started", function()
    fickle.set(db, "slow")
    local before = select(2, fickle.delivered(plateia:output(), "fickle delivered"))
    assert.equal(150, vote(plateia, voters(db, "stopped", 150, "fickle")))
    plateia:stop()
    local waiting = db:value "SELECT count(*) FROM outbox"
    assert.is_true(waiting > 0)
    assert.equal(0, db:value "SELECT count(*) FROM outbox WHERE claimed_until > now()")
    plateia = server.start { database = db, settings = settings, data = plateia.data }
    wait_empty(db)
    local times, keys = fickle.delivered(plateia:output(), "fickle delivered")
    assert.equal(before + 150, keys)
    for key, count in pairs(times) do assert.equal(1, count, key) end
  end)

  it("loses nothing with a server that is killed, and doubles only what it had sent and not settled", function()
    fickle.set(db, "slow")
    local already = select(2, fickle.delivered(plateia:output(), "fickle delivered"))
    local users = voters(db, "killed", 300, "fickle")
    assert.equal(300, vote(plateia, users))
    loop.wait_until("some are delivered", 20, function()
      return select(2, fickle.delivered(plateia:output(), "fickle delivered")) > already + 20
    end)
    plateia:kill()
    local sent = fickle.delivered(plateia:output(), "fickle delivered")
    local twice = {}
    for _, row in ipairs(db:rows "SELECT key FROM outbox") do twice[row[1]] = sent[row[1]] and 2 or nil end
    assert.is_true(db:value "SELECT count(*) FROM outbox" > 0)

    plateia = server.start { database = db, settings = settings, data = plateia.data }
    wait_empty(db, 30)
    local times, keys = fickle.delivered(plateia:output(), "fickle delivered")
    assert.equal(already + 300, keys)
    for key, count in pairs(times) do assert.equal(twice[key] or 1, count, key) end
  end)
end)
