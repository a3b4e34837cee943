-- idle_connections: do thousands of connections that say nothing slow the others down?
--
--   PLATEIA_BINARY=build/plateia lua5.4 tests/bench/idle_connections.lua [CONNECTIONS]     (5000)
--
-- One client asks for one film after the other for two seconds, without and with the crowd; prints both p50 and
-- p99 and their ratio. A figure of this machine at this minute, so no test.

package.path = "tests/e2e/?.lua;" .. package.path

local uv = require "luv"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local server = require "support.server"

local SECONDS = 2
local count = tonumber(arg[1]) or 5000

local function measure(client)
  local times, stop = {}, loop.now() + SECONDS
  while loop.now() < stop do
    local began = uv.hrtime()
    local answer = client:get "/movies/1"
    assert(answer.status == 200, answer.status)
    times[#times + 1] = (uv.hrtime() - began) / 1e3
  end
  table.sort(times)
  local function at(part) return times[math.max(1, math.ceil(#times * part))] end
  return at(0.5), at(0.99), #times
end

local function run(folder)
  uv.os_setenv("TMPDIR", folder)
  local plateia = server.start { database = database.cluster():create "bench", settings = {
    PLATEIA_ACCESS_LOG = "false", PLATEIA_HEAD_TIMEOUT_MS = "60000" } }
  local client, numbers = plateia:client(), {}
  measure(client)
  local p50, p99, asked = measure(client)
  print(("alone            p50 %6.0f us   p99 %6.0f us   %d requests"):format(p50, p99, asked))
  for i = 1, count do numbers[i] = i end
  local crowd = loop.each(numbers, 50, function() return assert(http.connect(plateia.port, 30)) end)
  local with50, with99, with = measure(client)
  print(("with %5d idle   p50 %6.0f us   p99 %6.0f us   %d requests"):format(#crowd, with50, with99, with))
  print(("p99 ratio %.2f (to be at most 1.5)"):format(with99 / p99))
  for _, conn in ipairs(crowd) do conn:close() end
  plateia:stop()
  database.cluster():stop "immediate"
end

local folder = assert(uv.fs_mkdtemp "/tmp/plateia-XXXXXX")
assert(uv.fs_chmod(folder, 493)) -- 0755
local ok, why = xpcall(run, debug.traceback, folder)
os.execute("rm -rf " .. folder)
if not ok then
  io.stderr:write(why, "\n")
  os.exit(1)
end
