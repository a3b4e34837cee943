-- Votes whose channel fails, hangs and works, and a server that is killed meanwhile: is each notification delivered,
-- and which twice? And do voters feel any of it?
--
--   lua5.4 tests/faults/outbox.lua [VOTES [KILLS [RATE]]]      10000, 5, 300 a second; PLATEIA_BINARY is the server
--
-- What voters feel is measured well below what the server could take, RATE votes a second, each at its time whether
-- or not those before it were answered; a vote's time counts from when it was due, so that a queue cannot hide. Four
-- kinds of channel take turns, so that what differs between turns of one kind is the machine's own.
--
-- A notification may come twice only where the server died between sending it and settling that. Both are visible
-- from outside, a log line and a row that is gone, so after each kill the doubles to come are known by key. Prints its
-- figures; the last line is "N passed, N failed".

package.path = "tests/e2e/?.lua;tests/faults/?.lua;" .. package.path

local crowd = require "support.crowd"
local database = require "support.database"
local fickle = require "support.fickle"
local loop = require "support.loop"
local proof = require "proof"
local server = require "support.server"

local VOTES, KILLS = math.tointeger(tonumber(arg[1] or 10000)), math.tointeger(tonumber(arg[2] or 5))
local RATE = tonumber(arg[3] or 300)
local WIDTH = 32   -- voters at a time, while it is killed
local ROUNDS = 5   -- turns of each kind
local TURN = VOTES // 25 -- votes a turn
local MODES = { "fails", "hangs", "works" }

local settings, db, plateia
local function serve(data)
  plateia = server.start { database = db, settings = settings, data = data }
end

-- A vote that lands, whatever happens on the way: the milliseconds since it was due, or nil where it took more than
-- one try.
local function land(client, user, due)
  local tries = 0
  while true do
    local answer = client:try("POST", "/vote/" .. 1 + user.id % 40, { token = user.token })
    local status = answer and answer.status
    if status == 201 or status == 409 and tries > 0 then
      return client, tries == 0 and (loop.now() - due) * 1000 or nil
    end
    tries = tries + 1
    loop.sleep(0.05)
    client:close()
    client = plateia:client()
  end
end

-- ---- at a rate ----

-- All users vote, RATE a second; returns the milliseconds of each.
local function vote_at_rate(users)
  local began, idle, tasks, times = loop.now() + 0.01, {}, {}, {}
  for i, user in ipairs(users) do
    local due = began + (i - 1) / RATE
    while loop.now() < due do loop.sleep(due - loop.now()) end
    tasks[i] = loop.go(function()
      local client, ms = land(table.remove(idle) or plateia:client(), user, due)
      idle[#idle + 1], times[#times + 1] = client, ms
    end)
  end
  for _, task in ipairs(tasks) do task:join(60) end
  for _, client in ipairs(idle) do client:close() end
  return times
end

-- The one that such a part of them does not exceed.
local function percentile(values, part)
  table.sort(values)
  return values[math.ceil(#values * part)]
end

local function tell(what, p50, p99, none)
  print(("     %-20s p50 %6.2f ms, p99 %6.2f ms%s"):format(what, p50, p99,
    none and (", %4.2f and %4.2f of nobody's"):format(p50 / none.p50, p99 / none.p99) or ""))
  return { p50 = p50, p99 = p99 }
end

local function wait_until_delivered()
  fickle.set(db, "works")
  loop.wait_until("the outbox is empty", 600, function() return db:value "SELECT count(*) FROM outbox" == 0 end)
end

local function voters(name, count, channel)
  local users = crowd.make(db, server.SECRET, name, count)
  db:run(("UPDATE users SET notify_by = '%s' WHERE username LIKE '%s%%'"):format(channel, name))
  return users
end

local KINDS = { "none", table.unpack(MODES) }
local function words(kind)
  return kind == "none" and "nobody is told" or "the channel " .. kind
end

-- Every kind in turn, each on an outbox that is empty; then each kind's middle turn.
local function measure()
  local p50s, p99s, none = {}, {}, nil
  for _, kind in ipairs(KINDS) do p50s[kind], p99s[kind] = {}, {} end
  for round = 1, ROUNDS do
    print(("     turn %d, %d votes of each kind, %g/s"):format(round, TURN, RATE))
    for _, kind in ipairs(KINDS) do
      local users = voters(kind .. round .. "x", TURN, kind == "none" and "none" or "fickle")
      wait_until_delivered()
      if kind ~= "none" then fickle.set(db, kind) end
      local times = vote_at_rate(users)
      p50s[kind][round], p99s[kind][round] = percentile(times, 0.50), percentile(times, 0.99)
      local told = tell(words(kind), p50s[kind][round], p99s[kind][round], kind ~= "none" and none)
      if kind == "none" then none = told end
    end
  end
  print("     the middle of all turns")
  for _, kind in ipairs(KINDS) do
    local told = tell(words(kind), percentile(p50s[kind], 0.5), percentile(p99s[kind], 0.5), kind ~= "none" and none)
    if kind == "none" then none = told end
  end
end

-- ---- as fast as they can, while it is killed ----

-- All users vote, WIDTH at a time.
local function vote(users, landed)
  local clients, began = {}, loop.now()
  for i = 1, WIDTH do clients[i] = plateia:client() end
  loop.each(users, WIDTH, function(user)
    local client = land(table.remove(clients), user, loop.now())
    clients[#clients + 1] = client
    landed()
  end, 600)
  for _, client in ipairs(clients) do client:close() end
  print(("     killed meanwhile: %d votes, %.0f/s"):format(#users, #users / (loop.now() - began)))
end

local function delivered()
  return fickle.delivered(plateia:output(), "fickle delivered")
end

-- Kills the server and starts it again. Keys that had been sent and not settled go into `due_again`.
local function kill(due_again, number)
  plateia:kill()
  local sent, doubles = delivered(), 0
  for _, row in ipairs(db:rows "SELECT key FROM outbox") do
    if sent[row[1]] then
      due_again[row[1]] = sent[row[1]] + 1
      doubles = doubles + 1
    end
  end
  print(("     kill %d: %d rows wait, %d of them sent and not settled"):format(number,
    db:value "SELECT count(*) FROM outbox", doubles))
  serve(plateia.data)
end

-- Votes go on while the server is killed KILLS times, each time in the next mode.
local function storm(users)
  local landed, due_again, over = 0, {}, false
  local load = loop.go(function()
    vote(users, function() landed = landed + 1 end)
    over = true
  end)
  for i = 1, KILLS do
    loop.wait_until("enough votes", 300, function() return over or landed >= i * #users // (KILLS + 1) end)
    local mode = MODES[i % #MODES + 1]
    fickle.set(db, mode)
    if mode == "works" then
      local _, before = delivered()
      loop.wait_until("something is delivered", 60, function() return select(2, delivered()) > before end)
    end
    kill(due_again, i)
  end
  load:join(600)
  return due_again
end

local function run()
  local cluster = database.start()
  db = cluster:create "outbox"
  settings = fickle.scripts(db)
  for name, value in pairs { OUTBOX_RETRY_MS = 1000, OUTBOX_RETRY_MOST_MS = 2000, OUTBOX_LEASE_MS = 3000,
    OUTBOX_ATTEMPTS = 100, DB_LEASE_TIMEOUT_MS = 1000, DB_LEASES = 4, ACCESS_LOG = "false" } do
    settings["PLATEIA_" .. name] = tostring(value)
  end
  serve()
  fickle.set(db, "works")
  vote_at_rate(voters("warm", 200, "none"))
  measure()
  local due_again = storm(voters("storm", VOTES - ROUNDS * #MODES * TURN, "fickle"))
  local began = loop.now()
  wait_until_delivered()
  print(("     the rest delivered %.1f s after the last vote"):format(loop.now() - began))

  local times, keys = delivered()
  local doubles, explained = 0, 0
  for key, count in pairs(times) do
    doubles = doubles + count - 1
    if count > 1 and count == due_again[key] then explained = explained + count - 1 end
  end
  proof.equal("votes that want to be told of", VOTES,
    db:value "SELECT count(*) FROM votes JOIN users ON id = user_id WHERE notify_by = 'fickle'")
  proof.equal("notifications delivered", VOTES, keys)
  proof.equal(("doubles explained, of %d"):format(doubles), doubles, explained)
  plateia:audit(db)
  plateia:stop()
  cluster:stop "immediate"
end

proof.run(run)
