-- server: starts the real binary with ports, a data folder and an environment of its own, and ends it.

local uv = require "luv"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"

local server = {}

local Server = {}
Server.__index = Server

-- Whoever has the secret may mint tokens: crowds are made so.
server.SECRET = "a secret that only these tests know"

function server.binary()
  if os.getenv "PLATEIA_BINARY" then return os.getenv "PLATEIA_BINARY" end
  local sanitized = "build-asan/plateia"
  return uv.fs_stat(sanitized) and sanitized or "build/plateia"
end

-- A script folder of a test's own: the real one and these files (path -> text).
function server.scripts_with(files)
  local folder = process.temporary_folder "scripts"
  assert(process.run("cp", { args = { "-r", "scripts/.", folder } }) == 0)
  for path, text in pairs(files) do process.write_file(folder .. "/" .. path, text) end
  return folder
end

-- The words in front of the binary's path where something watches over it: PLATEIA_TEST_WRAP="valgrind --quiet".
local function wrapped(program, args)
  local words = {}
  for word in (os.getenv "PLATEIA_TEST_WRAP" or ""):gmatch "%S+" do words[#words + 1] = word end
  if not words[1] then return program, args end
  words[#words + 1] = program
  table.move(args, 1, #args, #words + 1, words)
  return table.remove(words, 1), words
end

-- A server that is slow itself waits longer: for its database, and for what it has begun when it ends.
local function patient(env)
  if loop.patience == 1 then return end
  for name, ms in pairs { DB_READ_TIMEOUT = 500, DB_LEASE_TIMEOUT = 5000, DB_WAIT = 2000,
    DRAIN_TIMEOUT = 10000, SCRIPT_TIME = 100, SCRIPT_LOAD = 1000 } do
    env["PLATEIA_" .. name .. "_MS"] = ("%d"):format(ms * loop.patience)
  end
end

local SANITIZED = { "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer" }

-- unshare's arguments for a program with process ids of its own.
local function contained(...)
  return { "--pid", "--fork", "--kill-child", "--mount-proc", "--", ... }
end

-- Whether a server can have process ids of its own, as in a container: not everybody may make them everywhere.
function server.can_contain()
  return process.run("unshare", { args = contained "true", seconds = 10 }) == 0
end

-- Without waiting for it. options: database (else its embedded PostgreSQL), data (folder; a new one unless
-- told), settings ({ PLATEIA_X = text }), ready (seconds to become ready in), contained
-- (with process ids of its own, as in a container)
function server.launch(options)
  options = options or {}
  local self = setmetatable({ port = database.free_port(), admin_port = database.free_port() }, Server)
  self.data = options.data or process.temporary_folder "data"
  local env = {
    PLATEIA_LISTEN = "127.0.0.1:" .. self.port,
    PLATEIA_ADMIN_LISTEN = "127.0.0.1:" .. self.admin_port,
    PLATEIA_DATA = self.data,
    PLATEIA_WORKERS = "2",
    PLATEIA_JWT_SECRET = server.SECRET,
    DATABASE_URL = options.database and options.database.url,
    PLATEIA_THROTTLE_SIGN_UP = "1000000", -- a spec signs up more people in a minute than a household in a year
    PLATEIA_THROTTLE_SIGN_IN = "1000000",
    PLATEIA_THROTTLE_SIGN_IN_ADDRESS = "1000000",
    PLATEIA_SCRIPT_PAUSE_MS = "0", -- what is stopped is asked for again at once
    UBSAN_OPTIONS = "print_stacktrace=1",
    TSAN_OPTIONS = os.getenv "TSAN_OPTIONS",
  }
  patient(env)
  for name, value in pairs(options.settings or {}) do env[name] = value end
  local program, args = wrapped(server.binary(), { "serve" })
  if options.contained then
    program, args = "unshare", contained(program, table.unpack(args))
  end
  self.process = process.start(program, { args = args, env = env, log = self.data .. "/log", signal = "KILL" })
  self.admin = http.client(self.admin_port)
  return self
end

-- As launch, and waits until it is ready.
function server.start(options)
  local self = server.launch(options)
  self:wait_ready(options and options.ready)
  return self
end

function Server:ready()
  local answer, why = self.admin:try("GET", "/ready")
  return answer and answer.status == 200, answer and answer.body or why
end

function Server:wait_ready(seconds)
  loop.wait_until("the server is ready", seconds or 60, function()
    if not self.process:running() then error("the server ended before it was ready:\n" .. self.process:tail(), 0) end
    return self:ready()
  end)
end

function Server:client(token)
  return http.client(self.port, { token = token })
end

function Server:output()
  return self.process:output()
end

-- Raises when a sanitizer had something to say.
function Server:check_output()
  local text = self:output()
  for _, words in ipairs(SANITIZED) do
    local at = text:find(words, 1, true)
    if at then error("a sanitizer report:\n" .. text:sub(at, at + 4000), 2) end
  end
  local at = ("\n" .. text):find "\n==%d+== "
  if at then error("a report of valgrind:\n" .. text:sub(at, at + 4000), 2) end
end

-- Raises unless votes, tallies and standings in its database agree. The standings follow within moments, once
-- somebody asks for the ranking.
function Server:audit(db)
  local client = self:client()
  loop.wait_until("the recount agrees", 15, function()
    client:get "/movies/top"
    return pcall(db.audit, db)
  end)
  client:close()
end

-- Asks it to end, as an operator does; raises unless it exits with 0 and clean.
function Server:stop()
  if not self.process:running() then return end
  self.process:signal "term"
  local code, signal = self.process:wait(30)
  self:check_output()
  if code ~= 0 or signal ~= 0 then
    error(("the server ended with exit code %d, signal %d:\n%s"):format(code, signal, self.process:tail()), 2)
  end
end

-- Pulls the plug.
function Server:kill()
  self.process:signal "kill"
  self.process:wait(10)
  self:check_output()
end

return server
