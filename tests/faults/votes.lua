-- The heaviest voting, and the server and its PostgreSQL are killed meanwhile, in turn: is each vote that was answered
-- there, is none there twice, and do tallies and standings say the same?
--
--   lua5.4 tests/faults/votes.lua [VOTES [KILLS [CONNECTIONS]]]    100000, 10 of each, 512
--
-- PLATEIA_BINARY is the server. Each connection votes for one user after the other. Whoever gets no 201 votes again
-- later; who is then told 409 must have been left in doubt before: by a connection that was lost, or a 503 that says
-- that the vote may have counted. Prints what it saw; the last line is "N passed, N failed".

package.path = "tests/e2e/?.lua;tests/faults/?.lua;" .. package.path

local uv = require "luv"
local crowd = require "support.crowd"
local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local proof = require "proof"
local server = require "support.server"

local VOTES, KILLS = math.tointeger(tonumber(arg[1] or 100000)), math.tointeger(tonumber(arg[2] or 10))
local CONNECTIONS = math.tointeger(tonumber(arg[3] or 512))
local FILMS = 40
local REST_MS = 100 -- of a connection that was lost or refused

local cluster, db, plateia
local function film_of(user) return 1 + user.id % FILMS end

-- ---- the voters ----

local waiting = {}  -- users who have not been told yet
local seen = { landed = 0, again = 0, lies = 0, lost = 0, busy = 0, unknown = 0, odd = 0 }

-- What an answer means for its user.
local function judge(user, status, body)
  if status == 201 then
    user.answered = true
    seen.landed = seen.landed + 1
    return
  elseif status == 409 then
    seen[user.in_doubt and "again" or "lies"] = seen[user.in_doubt and "again" or "lies"] + 1
    seen.landed = seen.landed + 1
    return
  elseif status == 503 then
    local doubt = body:find("may have been counted", 1, true)
    user.in_doubt = user.in_doubt or doubt
    seen[doubt and "unknown" or "busy"] = seen[doubt and "unknown" or "busy"] + 1
  else
    seen.odd = seen.odd + 1
    if seen.odd <= 5 then print(("     odd: %s %s"):format(status, body)) end
  end
  table.insert(waiting, math.random(#waiting + 1), user)
end

-- One that votes until nobody waits. Callbacks only, as a task for each would be a third of the load.
local function connection()
  local tcp, user, buffer, timer = nil, nil, "", uv.new_timer()
  local dial

  local function rest()
    if seen.landed < VOTES then timer:start(REST_MS, 0, dial) elseif not timer:is_closing() then timer:close() end
  end

  local function lose()
    if tcp:is_closing() then return end
    tcp:close()
    if user then
      user.in_doubt = true
      seen.lost = seen.lost + 1
      waiting[#waiting + 1], user = user, nil
    end
    rest()
  end

  local function vote()
    user = table.remove(waiting)
    if user then
      tcp:write(user.request)
    else
      tcp:close()
      rest()
    end
  end

  -- What the answer says, once all of it is there.
  local function take()
    local head = buffer:find("\r\n\r\n", 1, true)
    local length = head and tonumber(buffer:match "\r\n[Cc]ontent%-[Ll]ength: (%d+)")
    if not length or #buffer < head + 3 + length then return end
    local status, body = tonumber(buffer:sub(10, 12)), buffer:sub(head + 4)
    local who = user
    buffer, user = "", nil
    judge(who, status, body)
    if status == 503 then
      tcp:close()
      rest()
    else
      vote()
    end
  end

  function dial()
    tcp, buffer = uv.new_tcp(), ""
    tcp:connect("127.0.0.1", plateia.port, function(err)
      if err then return lose() end
      tcp:nodelay(true)
      tcp:read_start(function(why, chunk)
        if why or not chunk then return lose() end
        buffer = buffer .. chunk
        take()
      end)
      vote()
    end)
  end
  dial()
end

-- ---- the killing ----

local settings = { PLATEIA_ACCESS_LOG = "false", PLATEIA_CONNECTIONS_PER_ADDRESS = "4096" }

local function serve(data)
  plateia = server.start { database = db, settings = settings, data = data, ready = 120 }
end

local function kill_server()
  plateia:kill()
  serve(plateia.data)
end

-- The postmaster alone: its children find out by themselves, in the midst of whatever they do, and until the last
-- of them is gone no other may start.
local function kill_postgres()
  cluster.server:signal "kill"
  cluster.server:wait(10)
  loop.wait_until("PostgreSQL is back", 120, function() return pcall(cluster.start, cluster) end)
  plateia:wait_ready(120)
end

local function storm(users)
  for i = #users, 1, -1 do waiting[#waiting + 1] = users[i] end
  local began = loop.now()
  for _ = 1, CONNECTIONS do connection() end
  local kills = { { "server", kill_server }, { "PostgreSQL", kill_postgres } }
  for i = 1, 2 * KILLS do
    local from, since = seen.landed, loop.now()
    loop.wait_until("enough votes", 600, function() return seen.landed >= i * VOTES // (2 * KILLS + 1) end)
    local name, kill = table.unpack(kills[2 - i % 2])
    local rate, at = (seen.landed - from) / (loop.now() - since), loop.now()
    kill()
    print(("     kill %2d, %-10s  %6d votes have landed, the last at %5.0f/s; ready again in %.1f s"):format(i, name,
      seen.landed, rate, loop.now() - at))
    io.stdout:flush()
  end
  loop.wait_until("everybody has voted", 600, function() return seen.landed >= VOTES end)
  print(("     %d votes in %.0f s; %d lost connections, %d answers in doubt, %d refused, %d had voted after all")
    :format(VOTES, loop.now() - began, seen.lost, seen.unknown, seen.busy, seen.again))
end

-- ---- the recount ----

local function occurrences(text, words)
  local count = 0
  for _ in text:gmatch(words) do count = count + 1 end
  return count
end

local function recount(users)
  local film, missing, wrong = {}, 0, 0
  for _, row in ipairs(db:rows "SELECT user_id, movie_id FROM votes") do
    film[tonumber(row[1])] = tonumber(row[2])
  end
  for _, user in ipairs(users) do
    if user.answered and not film[user.id] then missing = missing + 1 end
    if film[user.id] and film[user.id] ~= film_of(user) then wrong = wrong + 1 end
  end
  proof.equal("votes answered with 201 that are not there", 0, missing)
  proof.equal("votes for another film than was asked for", 0, wrong)
  proof.equal("votes in the database", VOTES, db:value "SELECT count(*) FROM votes")
  proof.equal("users who have voted", VOTES, db:value "SELECT count(DISTINCT user_id) FROM votes")
  proof.equal("told 409 without having been in doubt", 0, seen.lies)
  proof.equal("answers of any other kind", 0, seen.odd)
  plateia:audit(db)
  proof.equal("rows in which votes, tallies and standings differ", 0,
    #db:rows(process.read_file "sql/queries/audit.sql"))
  proof.equal("deadlocks in PostgreSQL's log", 0, occurrences(process.read_file(cluster.log), "deadlock detected"))
end

local function run()
  cluster = database.start()
  db = cluster:create "votes"
  serve()
  local users = crowd.make(db, server.SECRET, "voter", VOTES)
  for _, user in ipairs(users) do
    user.request = ("POST /vote/%d HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n\r\n")
      :format(film_of(user), user.token)
  end
  storm(users)
  recount(users)
  plateia:stop()
  cluster:stop "immediate"
end

proof.run(run)
