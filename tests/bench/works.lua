-- works: what is measured, and who takes part in it. Each entry of a work is one row of its table: a name, and a
-- function that starts whoever it is, measures it once and ends it.

local cursor = dofile "scripts/lib/cursor.lua"
local ground = require "ground"
local http = require "support.http"
local load = require "load"
local loop = require "support.loop"
local measure = require "measure"
local peers = require "peers"

local works = {}

local CLIENTS = { 8, 16, 32, 64 } -- of pgbench

-- Starts one, calls fn with it, ends it whatever comes.
local function with(name, options, fn)
  local running = peers.start(name, options)
  local ok, done = pcall(fn, running)
  local stopped, why = pcall(running.stop, running)
  if not ok then error(done, 0) end
  if not stopped then error(why, 0) end
  return done
end
works.with = with

-- pgbench at each of its client counts the first time, at the best of them from then on.
local function pgbench(db, script, options, define, check)
  local best
  local function once(clients)
    local define_all = { films = ground.FILMS, clients = clients }
    for name, value in pairs(define) do define_all[name] = value end
    if check then ground.clear(db) end
    local done = measure.cost(nil, function()
      return load.pgbench(db, "tests/bench/peers/" .. script, clients, options.seconds, define_all)
    end)
    local votes = check and db:value "SELECT count(*) FROM votes"
    if check and votes ~= done.answers then
      error(("%d votes in the database, but %d transactions"):format(votes, done.answers), 0)
    end
    return done
  end
  return function()
    if best then return once(best) end
    local most
    for _, clients in ipairs(options.quick and { 32 } or CLIENTS) do
      local done = once(clients)
      if not most or done.rate > most.rate then most = done end
    end
    best = most.clients
    return most
  end
end

function works.votes(options)
  options = setmetatable({ connections = 512 }, { __index = options })
  local count = measure.voters(options)
  local silent, told = ground.crowd(ground.ours, "silent", count), ground.crowd(ground.ours, "told", count, "log")
  local others = ground.peers_crowd(count)
  local function vote(name, requests)
    return function()
      ground.clear(name == "ours" and ground.ours or ground.peers)
      return with(name, {}, function(running) return measure.votes(running, requests, options) end)
    end
  end
  return { name = "votes", title = "Votes, each of another user, durable", per = "vote", connections = 512,
    { ours = true, name = "ours", run = vote("ours", silent) },
    { ours = true, name = "ours, and each voter is told", run = vote("ours", told) },
    { name = "pgbench", run = pgbench(ground.peers, "vote.sql", options, { i = 0, users = count }, true) },
    { name = "Fastify", run = vote("fastify", others) },
    { name = "FastAPI", run = vote("fastapi", others) } }
end

-- A work that only reads: the same requests for the peers, unless told, and pgbench's script.
local function reading(work, options, requests, others, script)
  options = setmetatable({ connections = work.connections }, { __index = options })
  local function read(name, which)
    return function()
      return with(name, {}, function(running) return measure.reads(running, which, options) end)
    end
  end
  work[1] = { ours = true, name = "ours", run = read("ours", requests) }
  work[2] = { name = "pgbench", run = pgbench(ground.ours, script, options, {}) }
  work[3] = { name = "Fastify", run = read("fastify", others) }
  work[4] = { name = "FastAPI", run = read("fastapi", others) }
  function work.also(name, who, which) table.insert(work, 4, { name = name, run = read(who, which) }) end
  return work
end

-- So many numbers from 1 to FILMS - room, the same in each run.
local function drawn(room, fn)
  local paths, state = {}, 7
  for i = 1, 4000 do
    state = (state * 1103515245 + 12345) % 2 ^ 31 // 1 | 0
    paths[i] = fn(1 + (state >> 8) % (ground.FILMS - room))
  end
  return paths
end

function works.films()
  return ground.reads("movie", drawn(0, function(id) return "/movies/" .. id end))
end

function works.movie(options)
  local requests = works.films()
  return reading({ name = "movie", title = "One film by id, from the database", per = "film", connections = 256 },
    options, requests, requests, "movie.sql")
end

function works.page(options)
  local ours = ground.reads("page", drawn(20, function(id) return "/movies?limit=20&cursor=" .. cursor.write(id) end))
  local others = ground.reads("page_others", drawn(20, function(id) return "/movies?limit=20&after=" .. id end))
  local cast = ground.reads("page_cast", drawn(20, function(id) return "/movies/cast?limit=20&after=" .. id end))
  local work = reading({ name = "page", title = "A page of 20 films, from the database", per = "page",
    connections = 256 }, options, ours, others, "page.sql")
  work.also("Fastify, ids cast in SQL", "fastify", cast)
  return work
end

-- So that there is a ranking of ten films.
local function some_votes()
  local count = 2000
  ground.clear(ground.ours)
  ground.clear(ground.peers)
  local requests = ground.crowd(ground.ours, "some", count)
  with("ours", {}, function(running)
    load.pace(running.port, count, 1, requests)
    loop.wait_until("a ranking of ten", 10, function()
      return select(2, http.client(running.port):get("/movies/top").body:gsub('"rank"', "")) == 10
    end)
  end)
  ground.peers:run(([[INSERT INTO users (username, password)
      SELECT 'some' || n, 'none' FROM generate_series(1, %d) AS n ON CONFLICT DO NOTHING;
    INSERT INTO votes (user_id, movie_id, month) SELECT id, 1 + id %% 500, date_trunc('month', now())
    FROM users ORDER BY id LIMIT %d]]):format(count, count))
end

function works.rankings()
  some_votes()
  return ground.reads("top", { "/movies/top" })
end

-- The ranking from memory, on a few votes. One worker of ours beside nginx, which has one and answers a constant: the
-- same body.
function works.top(options)
  options = setmetatable({ connections = 64 }, { __index = options })
  local requests = works.rankings()
  local one = { PLATEIA_WORKERS = "1" }
  local body
  local function ask(name, settings)
    return function()
      return with(name, { settings = settings, body = body }, function(running)
        body = body or name == "ours" and assert(http.client(running.port):try("GET", "/movies/top")).body
        return measure.reads(running, requests, options)
      end)
    end
  end
  return { name = "top", title = "The ranking, from memory", per = "answer", connections = 64, against = "nginx",
    { ours = true, name = "ours, one worker", run = ask("ours", one) },
    { ours = true, name = "ours, one worker, access log on",
      run = ask("ours", { PLATEIA_WORKERS = "1", PLATEIA_ACCESS_LOG = "true" }) },
    { name = "nginx, return 200, one worker", run = ask "nginx" },
    { ours = true, name = "ours, two workers", run = ask "ours" },
    { name = "Fastify", run = ask "fastify" },
    { name = "FastAPI", run = ask "fastapi" } }
end

return works
