-- database: a private, real PostgreSQL for the tests: one for the whole run, a fresh database for each file.
--
-- It lives in a temporary folder, listens on a unix socket there and on one loopback port, and runs as the
-- user "postgres" when we are root. fsync is off: it may lose nothing when its processes are killed, only when
-- the machine is. The test runner starts it and hands it on in PLATEIA_TEST_CLUSTER; a spec that is run alone
-- starts its own.

local uv = require "luv"
local loop = require "support.loop"
local process = require "support.process"

local database = {}

local Cluster = {}
Cluster.__index = Cluster
local Database = {}
Database.__index = Database

local OWNER = "plateia"

-- The folder of the newest installed PostgreSQL's programs.
local function programs()
  local newest, best = nil, 0
  for name in uv.fs_scandir_next, assert(uv.fs_scandir "/usr/lib/postgresql") do
    if (tonumber(name) or 0) > best then newest, best = "/usr/lib/postgresql/" .. name .. "/bin", tonumber(name) end
  end
  return assert(newest, "no PostgreSQL is installed")
end

-- A TCP port of the loopback interface that nobody listens on now.
-- Below the ports that the kernel gives to clients, so that none of them takes it before the server does.
function database.free_port()
  for _ = 1, 100 do
    local tcp, port = uv.new_tcp(), math.random(15000, 32000)
    local free = tcp:bind("127.0.0.1", port) and tcp:listen(1, function() end)
    tcp:close()
    uv.run "nowait"
    if free then return port end
  end
  error "no port is free"
end

local function hand_to_postgres(folder)
  if not process.is_root() then return end
  local code, text = process.run("chown", { args = { "postgres:postgres", folder } })
  assert(code == 0, text)
end

-- Makes a cluster and starts it. settings: a list of "name=value" that win over those of the tests.
function database.start(settings)
  local self = setmetatable({ folder = process.temporary_folder "postgres", bin = programs(),
    settings = settings or {} }, Cluster)
  self.port = database.free_port()
  self.log = self.folder .. "/log"
  hand_to_postgres(self.folder)
  local code, text = process.run(self.bin .. "/initdb", { user = "postgres", args = {
    "-D", self.folder .. "/data", "-U", OWNER, "-E", "UTF8", "--no-locale", "-A", "trust", "--no-sync" } })
  assert(code == 0, text)
  self:start()
  return self
end

-- The run's own cluster: the runner's, or one of our own.
function database.cluster()
  if not database.shared then
    local folder, port = (os.getenv "PLATEIA_TEST_CLUSTER" or ""):match "^(.+):(%d+)$"
    database.shared = folder and setmetatable({ folder = folder, port = port, bin = programs() }, Cluster)
      or database.start()
  end
  return database.shared
end

-- For PLATEIA_TEST_CLUSTER.
function Cluster:name()
  return self.folder .. ":" .. self.port
end

function Cluster:start()
  local args = { "-D", self.folder .. "/data", "-k", self.folder,
    "-c", "listen_addresses=127.0.0.1", "-c", "port=" .. self.port, "-c", "fsync=off",
    "-c", "max_connections=200", "-c", "timezone=America/Sao_Paulo" }
  for _, setting in ipairs(self.settings or {}) do table.move({ "-c", setting }, 1, 2, #args + 1, args) end
  self.server = process.start(self.bin .. "/postgres", { user = "postgres", signal = "QUIT",
    log = self.folder .. "/log", args = args })
  loop.wait_until("PostgreSQL takes connections", 30, function()
    if not self.server:running() then error("PostgreSQL ended:\n" .. self.server:tail()) end
    return pcall(Database.run, self:open "postgres", "SELECT")
  end)
end

-- "fast" lets transactions roll back and waits for the end; "immediate" pulls the plug.
function Cluster:stop(how)
  self.server:signal(how == "immediate" and "quit" or "int")
  self.server:wait(30)
end

-- --- databases -------------------------------------------------------------------------------------------

-- An empty database of that name; an older one of that name is dropped.
function Cluster:create(name)
  local maintenance = self:open "postgres"
  maintenance:run(("DROP DATABASE IF EXISTS %s WITH (FORCE)"):format(name))
  maintenance:run(("CREATE DATABASE %s TEMPLATE template0"):format(name))
  return self:open(name)
end

function Cluster:open(name)
  return setmetatable({ name = name,
    url = ("postgresql://%s@/%s?host=%s&port=%d"):format(OWNER, name, self.folder, self.port),
    tcp_url = ("postgresql://%s@127.0.0.1:%d/%s"):format(OWNER, self.port, name) }, Database)
end

-- Somebody else's database, which is given so many seconds for each run of SQL.
function database.at(url, seconds)
  return setmetatable({ url = url, seconds = seconds }, Database)
end

-- The database of a server's embedded PostgreSQL in the data folder DATA.
function database.embedded(data)
  local url = ("postgresql:///plateia?host=%s/postgres/run&user=plateia"):format(data)
  return setmetatable({ name = "plateia", url = url }, Database)
end

-- Runs SQL as psql does: returns its rows as arrays of texts (NULL is ""), raises on an error. It goes by a file,
-- as an argument's length is bounded.
function Database:rows(sql)
  local folder = process.temporary_folder "sql"
  process.write_file(folder .. "/sql", sql)
  local code, text = process.run("psql", { env = { PGOPTIONS = "-c client_min_messages=warning" },
    args = { "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", folder .. "/sql", self.url }, seconds = self.seconds })
  os.remove(folder .. "/sql")
  os.remove(folder)
  if code ~= 0 then error("psql: " .. text, 2) end
  local rows = {}
  for line in text:gmatch "([^\n]+)\n" do
    local row = {}
    for value in (line .. "\t"):gmatch "([^\t]*)\t" do row[#row + 1] = value end
    rows[#rows + 1] = row
  end
  return rows
end

function Database:run(sql)
  self:rows(sql)
end

-- The first value of the first row: an integer where it is one, else text.
function Database:value(sql)
  local row = self:rows(sql)[1]
  return row and (math.tointeger(tonumber(row[1])) or row[1])
end

-- Locks the table, in a session of its own, until the returned function is called: whoever wants what the mode
-- ("SHARE", "ACCESS EXCLUSIVE") forbids waits in the database.
function Database:hold(name, mode)
  local holder = process.start("psql", { args = { "-XAtqc",
    ("BEGIN; LOCK TABLE %s IN %s MODE; SELECT pg_sleep(300)"):format(name, mode), self.url }, output = function() end })
  local function pid()
    return self:value(([[SELECT pid FROM pg_locks WHERE relation = '%s'::regclass AND granted
      AND replace(lower(mode), 'lock', '') = '%s']]):format(name, mode:gsub(" ", ""):lower()))
  end
  loop.wait_until(name .. " is held", 10, pid)
  return function()
    self:run(("SELECT pg_terminate_backend(%d)"):format(pid()))
    holder:wait(10)
  end
end

-- Counts all votes again: raises, naming them, where votes, tallies and standings differ.
function Database:audit()
  local differing = {}
  for _, row in ipairs(self:rows(process.read_file "sql/queries/audit.sql")) do
    differing[#differing + 1] = table.concat(row, " ")
  end
  if differing[1] then error("the recount differs:\n" .. table.concat(differing, "\n"), 2) end
end

return database
