-- Votes whose channel fails, hangs and works, and a server that is killed meanwhile: is each notification delivered,
-- and which twice? And do voters feel any of it?
--
--   lua5.4 tests/faults/outbox.lua [VOTES] [KILLS]      10000 and 5 unless told; PLATEIA_BINARY names the server
--
-- A notification may come twice only where the server died between sending it and settling that. Both are visible
-- from outside, a log line and a row that is gone, so after each kill the doubles to come are known by key. Prints its
-- figures; the last line is "N passed, N failed".

package.path = "tests/e2e/?.lua;" .. package.path

local uv = require "luv"
local crowd = require "support.crowd"
local database = require "support.database"
local fickle = require "support.fickle"
local loop = require "support.loop"
local server = require "support.server"

local VOTES, KILLS = math.tointeger(tonumber(arg[1] or 10000)), math.tointeger(tonumber(arg[2] or 5))
local WIDTH = 32
local MODES = { "fails", "hangs", "works" }

local settings, db, plateia
local passed, failed = 0, 0

local function check(what, wanted, got)
  local fine = wanted == got
  if fine then passed = passed + 1 else failed = failed + 1 end
  print(("%s %s: %s%s"):format(fine and "ok  " or "FAIL", what, got, fine and "" or ", not " .. wanted))
end

local function serve(data)
  plateia = server.start { database = db, settings = settings, data = data }
end

-- A vote that lands, whatever happens on the way: the milliseconds of its answer, or nil where it took more than one.
local function land(client, user)
  local tries = 0
  while true do
    local began = loop.now()
    local answer = client:try("POST", "/vote/" .. 1 + user.id % 40, { token = user.token })
    local status = answer and answer.status
    if status == 201 or status == 409 and tries > 0 then
      return client, tries == 0 and (loop.now() - began) * 1000 or nil
    end
    tries = tries + 1
    loop.sleep(0.05)
    client:close()
    client = plateia:client()
  end
end

-- All users vote, WIDTH at a time; returns the sorted milliseconds of undisturbed votes.
local function vote(users, landed)
  local times, clients = {}, {}
  for i = 1, WIDTH do clients[i] = plateia:client() end
  loop.each(users, WIDTH, function(user)
    local client, ms = land(table.remove(clients), user)
    clients[#clients + 1] = client
    times[#times + 1] = ms
    if landed then landed() end
  end, 600)
  for _, client in ipairs(clients) do client:close() end
  table.sort(times)
  return times
end

local function tell(what, times, seconds)
  print(("     %-24s %6d votes, %6.0f/s, p50 %6.2f ms, p99 %6.2f ms"):format(what, #times, #times / seconds,
    times[math.ceil(#times * 0.50)], times[math.ceil(#times * 0.99)]))
end

local function measure(what, users)
  local began = loop.now()
  tell(what, vote(users), loop.now() - began)
end

local function voters(name, count, channel)
  local users = crowd.make(db, server.SECRET, name, count)
  db:run(("UPDATE users SET notify_by = '%s' WHERE username LIKE '%s%%'"):format(channel, name))
  return users
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
    local began = loop.now()
    tell("killed meanwhile", vote(users, function() landed = landed + 1 end), loop.now() - began)
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
  for name, value in pairs { OUTBOX_RETRY_MS = 100, OUTBOX_RETRY_MOST_MS = 2000, OUTBOX_LEASE_MS = 3000,
    OUTBOX_ATTEMPTS = 100, DB_LEASE_TIMEOUT_MS = 1000, DB_LEASES = 4, ACCESS_LOG = "false" } do
    settings["PLATEIA_" .. name] = tostring(value)
  end
  serve()
  fickle.set(db, "works")
  local part = VOTES // 5
  vote(voters("warm", 200, "none"))
  measure("nobody is told", voters("none", part, "none"))
  for _, mode in ipairs(MODES) do
    fickle.set(db, mode)
    measure("the channel " .. mode, voters(mode, part, "fickle"))
  end
  measure("nobody is told, again", voters("silent", part, "none")) -- how much of a difference is the machine's
  local due_again = storm(voters("storm", VOTES - 3 * part, "fickle"))
  fickle.set(db, "works")
  local began = loop.now()
  loop.wait_until("the outbox is empty", 600, function() return db:value "SELECT count(*) FROM outbox" == 0 end)
  print(("     the rest delivered %.1f s after the last vote"):format(loop.now() - began))

  local times, keys = delivered()
  local doubles, explained = 0, 0
  for key, count in pairs(times) do
    doubles = doubles + count - 1
    if count > 1 and count == due_again[key] then explained = explained + count - 1 end
  end
  check("votes that want to be told of", VOTES,
    db:value "SELECT count(*) FROM votes JOIN users ON id = user_id WHERE notify_by = 'fickle'")
  check("notifications delivered", VOTES, keys)
  check(("doubles explained, of %d"):format(doubles), doubles, explained)
  plateia:audit(db)
  plateia:stop()
  cluster:stop "immediate"
end

local folder = assert(uv.fs_mkdtemp "/tmp/plateia-XXXXXX")
assert(uv.fs_chmod(folder, 493)) -- 0755: PostgreSQL's user has its own folder in it
uv.os_setenv("TMPDIR", folder)
local ok, why = xpcall(run, debug.traceback)
os.execute("rm -rf " .. folder)
if not ok then
  failed = failed + 1
  print("FAIL " .. tostring(why))
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
