-- instructions: what a request costs in instructions of the server's own, one tree of this project beside another.
--
--   lua5.4 tests/bench/instructions.lua TREE...       each with build-valgrind/plateia (`cmake --preset valgrind`)
--
-- One worker under callgrind and without observers, so that nothing runs by the clock; 200 requests to warm up, then
-- 2,000 over one connection. What the kernel and PostgreSQL do is not counted. The profiles are kept for
-- callgrind_annotate; their names are printed.

package.path = "tests/e2e/?.lua;" .. package.path

local uv = require "luv"
local PROFILES = assert(uv.fs_mkdtemp "/tmp/instructions-XXXXXX")
uv.os_setenv("PLATEIA_TEST_PATIENCE", "20")
uv.os_setenv("PLATEIA_TEST_WRAP", "valgrind --quiet --tool=callgrind --instr-atstart=no --separate-threads=yes"
  .. " --callgrind-out-file=" .. PROFILES .. "/profile.%p")
local folder = assert(uv.fs_mkdtemp "/tmp/plateia-XXXXXX")
assert(uv.fs_chmod(folder, 493)) -- 0755: PostgreSQL's user has its own folder in it
uv.os_setenv("TMPDIR", folder)

local database = require "support.database"
local process = require "support.process"
local server = require "support.server"

local WARM, COUNTED = 200, 2000
local paths = { "/movies/7", "/movies?limit=20", "/movies/top", "/nothing" }

local function control(plateia, ...)
  local code, text = process.run("callgrind_control", { args = { ..., tostring(plateia.process.pid) } })
  assert(code == 0, text)
end

local function ask(client, path, times)
  for _ = 1, times do client:get(path) end
end

-- Those of the thread that served: the most of any.
local function count_in(profile)
  local most, where = 0, nil
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(PROFILES)) do
    if name:sub(1, #profile) == profile then
      local text = process.read_file(PROFILES .. "/" .. name)
      local count = tonumber(text:match "\ntotals: (%d+)" or text:match "\nsummary: (%d+)" or 0)
      if count > most then most, where = count, PROFILES .. "/" .. name end
    end
  end
  return most, where
end

local function measure(plateia, client, path, number)
  ask(client, path, WARM)
  control(plateia, "--instr=on")
  ask(client, path, WARM) -- callgrind learns the code
  control(plateia, "--zero")
  ask(client, path, COUNTED)
  control(plateia, "--dump")
  control(plateia, "--instr=off")
  return count_in(("profile.%d.%d-"):format(plateia.process.pid, number))
end

local function settings_of(tree)
  local copy = process.temporary_folder "scripts"
  assert(process.run("cp", { args = { "-r", tree .. "/scripts/.", copy } }) == 0)
  assert(process.run("rm", { args = { "-r", copy .. "/observers" } }) == 0)
  return { PLATEIA_SCRIPTS = copy, PLATEIA_SQL = tree .. "/sql", PLATEIA_WORKERS = "1" }
end

local function run(tree, number)
  uv.os_setenv("PLATEIA_BINARY", tree .. "/build-valgrind/plateia")
  local plateia = server.start { database = database.cluster():create("tree" .. number), settings = settings_of(tree),
    ready = 600 }
  local client = plateia:client()
  for i, path in ipairs(paths) do
    local count, where = measure(plateia, client, path, i)
    print(("%-30s %-12s %10.1f instructions a request   %s"):format(tree, path, count / COUNTED, where))
  end
  plateia:stop()
end

for i, tree in ipairs(arg) do run(tree, i) end
database.cluster():stop "immediate"
os.execute("rm -rf " .. folder)
