-- peers: starts ours and those that we measure ourselves against, each in the same way, and ends them.
--
-- A running one is { name, port, pid, db, stop = function }; `pid` is the root of all its processes.

local uv = require "luv"
local account = require "account"
local database = require "support.database"
local ground = require "ground"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local peers = {}

local WORKERS = "2"

-- Debian's, or the one that ./dev bench unpacked, as installing it would start a server at every boot.
local function nginx()
  local installed = "/usr/sbin/nginx"
  return uv.fs_stat(installed) and installed or uv.cwd() .. "/build/nginx/usr/sbin/nginx"
end

-- Notes who belongs to it: whoever loses a parent is not found by asking for the tree.
local function meet(running)
  for _, id in ipairs(account.tree(running.pid)) do running.family[id] = running.family[id] or account.born(id) end
end

-- Waits until the port answers a request.
local function answering(running, path)
  loop.wait_until(running.name .. " answers", 30, function()
    meet(running)
    if not running.process:running() then error(running.name .. " ended:\n" .. running.process:tail(), 0) end
    local answer, why = http.client(running.port):try("GET", path)
    return answer and answer.status == 200, answer and answer.body or why
  end)
  return running
end

-- Ends it and, by their ids, those of its family that stay behind.
local function stop(running)
  meet(running)
  running.process:signal "term"
  if not pcall(running.process.wait, running.process, 10) then running.process:signal "kill" end
  for id, born in pairs(running.family) do
    if account.born(id) == born then uv.kill(id, "sigkill") end
  end
end

local function launch(name, port, program, options, path)
  options.log = process.temporary_folder "peer" .. "/log"
  local running = { name = name, port = port, db = ground.peers, stop = stop, family = {} }
  running.process = process.start(program, options)
  running.pid = running.process.pid
  local ok, why = pcall(answering, running, path)
  if not ok then
    stop(running)
    error(why, 0)
  end
  return running
end

local start = {}

-- options: settings (PLATEIA_X of ours), body (nginx's).
function start.ours(options)
  local settings = { PLATEIA_ACCESS_LOG = "false", PLATEIA_WORKERS = WORKERS }
  for name, value in pairs(options.settings or {}) do settings[name] = value end
  local db = options.database or ground.ours
  local plateia = server.start { database = db, settings = settings }
  return { name = "ours", port = plateia.port, pid = plateia.process.pid, db = db, process = plateia.process,
    stop = function() plateia:stop() end }
end

function start.fastapi()
  local port = database.free_port()
  return launch("FastAPI", port, "/usr/bin/uvicorn", { cwd = "tests/bench/peers/fastapi", args = {
    "app:app", "--workers", WORKERS, "--port", tostring(port), "--no-access-log", "--log-level", "warning" }, env = {
    DATABASE_URL = ground.peers.url:gsub("^postgresql:", "postgresql+asyncpg:"), JWT_SECRET = ground.SECRET,
    PYTHONDONTWRITEBYTECODE = "1",
  } }, "/movies/1")
end

function start.fastify()
  local port = database.free_port()
  return launch("Fastify", port, "node", { cwd = "tests/bench/peers/fastify", args = { "app.js" }, env = {
    PGHOST = ground.cluster.folder, PGPORT = tostring(ground.cluster.port), PGUSER = "plateia", PGDATABASE = "peers",
    JWT_SECRET = ground.SECRET, PORT = tostring(port), WORKERS = WORKERS, NODE_ENV = "production",
  } }, "/movies/1")
end

function start.nginx(options)
  local port, folder = database.free_port(), process.temporary_folder "nginx"
  local conf = process.read_file "tests/bench/peers/nginx/nginx.conf"
  conf = conf:gsub("PORT", tostring(port)):gsub("BODY", (options.body:gsub("%%", "%%%%")))
  process.write_file(folder .. "/nginx.conf", conf)
  return launch("nginx", port, nginx(),
    { args = { "-e", "stderr", "-p", folder, "-c", folder .. "/nginx.conf" } }, "/movies/top")
end

-- Starts one of them, or raises why it can not be started here.
function peers.start(name, options)
  return start[name](options or {})
end

return peers
