-- measure: one of them, under one load, for some seconds: what it answered, and what that cost whom.
--
-- A measurement is { rate, p50, p99 (milliseconds), cpu = { server, postgres, load } (microseconds an answer),
-- paced = { p50, p99, answers, due }, idle, used = { resident, proportional } (MiB), votes (rows that came) }.

local account = require "account"
local ground = require "ground"
local load = require "load"
local loop = require "support.loop"

local measure = {}

measure.RATE = 1000 -- a second, where the rate is fixed
measure.ROOM = 60000 -- votes a second that there are voters for

local function part(requests, first, count)
  return { file = requests.file, width = requests.width, first = requests.first + first, count = count }
end

local function memory(running)
  local resident, proportional = account.memory(running.pid)
  return { resident = resident, proportional = proportional }
end

-- Calls fn(), which returns what load does, and says what it cost.
function measure.cost(pid, fn)
  local postgres = ground.cluster.server.pid
  local server_before, postgres_before = pid and account.cpu(pid) or 0, account.cpu(postgres)
  local done = fn()
  local server = pid and account.cpu(pid) - server_before or 0
  local each = 1 / math.max(1, done.answers)
  done.rate = (done.answers - done.bad) / done.seconds
  done.cpu = { server = server * each, postgres = (account.cpu(postgres) - postgres_before) * each,
    load = done.cpu * each }
  return done
end

-- Whether the votes in the database are those that were answered with 201; those that were on their way when the load
-- ended are at most as many as connections.
local function check_votes(running, done, before, connections)
  loop.sleep(1)
  done.votes = running.db:value "SELECT count(*) FROM votes" - before
  local more = done.votes - (done.answers - done.bad)
  if more < 0 or more > connections + done.bad then
    error(("%d votes in the database, but %d were answered with 201"):format(done.votes, done.answers - done.bad), 0)
  end
end

-- How many voters measure.votes needs.
function measure.voters(options)
  return (options.warm + options.seconds) * measure.ROOM + options.pace * measure.RATE
end

local FEW = 0.01

-- Refuses what is no measurement; a few errors are told beside it.
local function check(running, done)
  if not running.process:running() then error(running.name .. " ended:\n" .. running.process:tail(), 0) end
  local failed = done.bad + done.broken + done.timeouts
  local what = ("%d of %d failed"):format(failed, done.answers)
  if failed > done.answers * FEW then error(what, 0) end
  done.note = failed > 0 and what or nil
end

-- options: connections, seconds, warm, pace (seconds each; 0: not at all)
function measure.reads(running, requests, options)
  local idle = memory(running)
  load.wrk(running.port, options.connections, options.warm, requests)
  local paced = options.pace > 0 and load.pace(running.port, measure.RATE, options.pace, requests) or nil
  local done = measure.cost(running.pid, function()
    return load.wrk(running.port, options.connections, options.seconds, requests)
  end)
  check(running, done)
  done.paced, done.idle, done.used = paced, idle, memory(running)
  return done
end

-- The same with votes: each request is another user's, in parts for warming up, for the pace and for the load.
function measure.votes(running, requests, options)
  local warm, slow, many = options.warm * measure.ROOM, options.pace * measure.RATE, options.seconds * measure.ROOM
  local idle = memory(running)
  load.wrk(running.port, options.connections, options.warm, part(requests, 0, warm))
  loop.sleep(1)
  local paced = slow > 0 and load.pace(running.port, measure.RATE, options.pace, part(requests, warm, slow)) or nil
  loop.sleep(0.5)
  local before = running.db:value "SELECT count(*) FROM votes"
  local done = measure.cost(running.pid, function()
    return load.wrk(running.port, options.connections, options.seconds, part(requests, warm + slow, many))
  end)
  check(running, done)
  done.paced, done.idle, done.used = paced, idle, memory(running)
  check_votes(running, done, before, options.connections)
  return done
end

return measure
