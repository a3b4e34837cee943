-- run: all tests of the tree, one step after the other; the last line is "N passed, N failed".
--
--   lua5.4 tests/run.lua [STEP...]      steps: doors doors-selftest unit spec trial e2e browser
--
-- Each step is a program that ends with such a line itself; this adds them up. A step that ends without one,
-- or badly though it counted no failure, or not in time, counts as one failed. The unit and end-to-end tests
-- share one private PostgreSQL that is started here and ended here.

package.path = "tests/e2e/?.lua;" .. package.path

local uv = require "luv"
local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"

local BUILD = os.getenv "PLATEIA_BUILD" or "build-asan"

local function busted(folder)
  local command = { "lua5.4", "/usr/bin/busted", "--output=tests/report.lua", "--lpath=" .. folder .. "/?.lua", folder }
  local without = folder == "tests/e2e" and os.getenv "PLATEIA_TEST_WITHOUT"
  if without then command[#command + 1] = "--exclude-pattern=" .. without end
  return command
end

-- Name, program and arguments, seconds it may take; `database`: one of its own, for a server that it starts itself.
local steps = {
  { "doors", { "tests/doors" }, 30 },
  { "doors-selftest", { "tests/doors", "--selftest" }, 60 },
  { "unit", { "lua5.4", "tests/units.lua", BUILD }, 300 },
  { "spec", busted "tests/spec", 120 },
  { "trial", { "env", "-u", "PLATEIA_BINARY", os.getenv "PLATEIA_BINARY" or BUILD .. "/plateia", "test" }, 120 },
  { "e2e", busted "tests/e2e", 720 },
  { "browser", { "node", "tests/browser/run.mjs" }, 360, database = true },
}

local function environment(folder, cluster)
  local env = {
    TMPDIR = folder,
    PLATEIA_BINARY = os.getenv "PLATEIA_BINARY" or BUILD .. "/plateia",
    PLATEIA_TEST_CLUSTER = cluster:name(),
    PLATEIA_TEST_DATABASE_URL = cluster:create("unit").url,
  }
  for _, name in ipairs { "PLATEIA_TEST_PATIENCE", "PLATEIA_TEST_WRAP", "TSAN_OPTIONS" } do
    env[name] = os.getenv(name)
  end
  return env
end

-- Runs a step, showing what it prints. Returns how many passed, failed, and were skipped.
local function run(step, env)
  local name, command, seconds = table.unpack(step)
  print("== " .. name)
  io.stdout:flush()
  local tail = ""
  local program = process.start(command[1], { args = { table.unpack(command, 2) }, env = env,
    output = function(chunk)
      io.stdout:write(chunk)
      io.stdout:flush()
      tail = (tail .. chunk):sub(-200)
    end })
  local ended, why = pcall(program.wait, program, seconds)
  if not ended then program:signal "kill" end
  local passed, failed, rest = tail:match "(%d+) passed, (%d+) failed([^\n]*)\n$"
  if not ended then print("FAIL " .. name .. ": not done within " .. seconds .. " s") end
  if ended and not passed then print(("FAIL %s: ended with %s and no count"):format(name, why)) end
  passed, failed = math.tointeger(passed) or 0, math.tointeger(failed) or 0
  if failed == 0 and (not ended or program.code ~= 0 or passed == 0) then failed = 1 end
  return passed, failed, math.tointeger((rest or ""):match "(%d+) skipped") or 0
end

local function chosen(name)
  if #arg == 0 then return true end
  for _, each in ipairs(arg) do
    if each == name then return true end
  end
  return false
end

local function run_all(folder)
  local cluster = database.start()
  local env = environment(folder, cluster)
  local passed, failed, skipped = 0, 0, 0
  for _, step in ipairs(steps) do
    if chosen(step[1]) then
      env.DATABASE_URL = step.database and cluster:create(step[1]).url or nil
      local p, f, s = run(step, env)
      passed, failed, skipped = passed + p, failed + f, skipped + s
    end
  end
  cluster:stop "immediate"
  return passed, failed, skipped
end

local began = loop.now()
local folder = assert(uv.fs_mkdtemp "/tmp/plateia-XXXXXX")
assert(uv.fs_chmod(folder, 493)) -- 0755: PostgreSQL's user has its own folder in it
uv.os_setenv("TMPDIR", folder)
local ok, passed, failed, skipped = xpcall(run_all, debug.traceback, folder)
os.execute("rm -rf " .. folder)
if not ok then
  print("FAIL " .. passed)
  passed, failed, skipped = 0, 1, 0
end
print(("== all of it, in %.0f s"):format(loop.now() - began))
print(("%d passed, %d failed%s"):format(passed, failed, skipped > 0 and (", %d skipped"):format(skipped) or ""))
os.exit(failed == 0 and passed > 0)
