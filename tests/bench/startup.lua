-- startup: how soon ours answers, and what it holds while nobody asks for anything.

local uv = require "luv"
local account = require "account"
local ground = require "ground"
local http = require "support.http"
local loop = require "support.loop"
local peers = require "peers"
local process = require "support.process"
local server = require "support.server"

local startup = {}

local CROWD = 2000

-- Milliseconds from the program's start to its first answer, which is a film from the database.
local function first_answer(options)
  local began = loop.now()
  local plateia = server.launch(options)
  local client = http.client(plateia.port)
  local ok, why = pcall(function()
    while true do
      local answer = client:try("GET", "/movies/1")
      if answer and answer.status == 200 then return end
      if loop.now() > began + 60 or not plateia.process:running() then error(plateia.process:tail(), 0) end
      loop.sleep(0.001)
    end
  end)
  local spent = (loop.now() - began) * 1000
  client:close()
  if not ok then plateia:kill() error(why, 0) end
  return spent, plateia
end

local function middle_of(times, starts)
  for i = 1, starts do
    local plateia
    times[i], plateia = first_answer(times.options)
    plateia:stop()
  end
  table.sort(times)
  return times[(starts + 1) // 2], times[1], times[starts]
end

-- Idle, and with a crowd that has asked once and says no more. MiB.
local function memory()
  local running = peers.start "ours"
  local found = {}
  local ok, why = pcall(function()
    loop.sleep(5)
    found.resident, found.proportional = account.memory(running.pid)
    local numbers = {}
    for i = 1, CROWD do numbers[i] = i end
    local crowd = loop.each(numbers, 50, function()
      local client = http.client(running.port, { seconds = 30 })
      client:get "/movies/1"
      return client
    end)
    loop.sleep(1)
    local resident = account.memory(running.pid)
    found.thousand = (resident - found.resident) / CROWD * 1000
    for _, client in ipairs(crowd) do client:close() end
  end)
  pcall(running.stop, running)
  if not ok then error(why, 0) end
  return found
end

-- Returns rows of texts: what, figure.
function startup.run(options, say)
  local rows = {}
  local function row(what, fn)
    local ok, text = pcall(fn)
    rows[#rows + 1] = { what, ok and text or "not measured: " .. tostring(text):match "[^\n]*" }
    say("  %-60s %s", what, rows[#rows][2])
  end
  local starts = options.quick and 3 or 7
  row("from the start to the first film, the database is there", function()
    return ("%.0f ms (%.0f to %.0f)"):format(middle_of({ options = { database = ground.ours } }, starts))
  end)
  row("the same with the embedded PostgreSQL, its data there", function()
    local data = process.temporary_folder "embedded"
    server.start({ data = data }):stop()
    return ("%.0f ms (%.0f to %.0f)"):format(middle_of({ options = { data = data } }, starts))
  end)
  local ok, found = pcall(memory)
  row("idle for five seconds, without PostgreSQL: resident (proportional)", function()
    if not ok then error(found, 0) end
    return ("%.1f MiB (%.1f)"):format(found.resident, found.proportional)
  end)
  row(("each thousand of %d idle connections that have asked once"):format(CROWD), function()
    if not ok then error("as above", 0) end
    return ("%.1f MiB"):format(found.thousand)
  end)
  return { name = "start", rows = rows }
end

-- What machine this is: facts that figures hang on, and nothing that says whose it is.
function startup.machine()
  local cores, model = 0, "unknown"
  for line in io.lines "/proc/cpuinfo" do
    if line:find "^processor" then cores = cores + 1 end
    model = line:match "^model name%s*: (.*)" or model
  end
  local kernel = process.read_file "/proc/sys/kernel/osrelease":match "^[%d.]+"
  local memory_kib = process.read_file "/proc/meminfo":match "MemTotal:%s+(%d+)"
  return { cores = cores, model = model, kernel = kernel, memory = memory_kib / 2 ^ 20,
    postgres = ground.ours:value "SHOW server_version", synced = startup.synced() }
end

-- How often a second 8 KiB at the end of a file are on the disk for good, where PostgreSQL's files are.
function startup.synced()
  local path = process.temporary_folder "fsync" .. "/file"
  local fd = assert(uv.fs_open(path, "w", 384))
  local page = ("x"):rep(8192)
  assert(uv.fs_write(fd, page:rep(1024), 0)) -- as PostgreSQL's log, it has its length beforehand
  assert(uv.fs_fsync(fd))
  local count, began = 0, loop.now()
  while loop.now() < began + 2 do
    assert(uv.fs_write(fd, page, count % 1024 * 8192))
    assert(uv.fs_fdatasync(fd))
    count = count + 1
  end
  uv.fs_close(fd)
  os.remove(path)
  return count / 2
end

return startup
