-- crowds: do thousands of connections that say nothing, or hundreds that say a byte a second, slow the others down?
--
--   PLATEIA_BINARY=build/plateia lua5.4 tests/bench/crowds.lua [CONNECTIONS [ROUNDS]]     (5000, 3)
--
-- wrk asks for one film after the other, one at a time, alone and beside each crowd by turns; the crowd is gone in
-- between. Prints p50 and p99 of every turn, then medians and ratios. wrk is in packages.txt, section bench; figures of
-- this machine at this minute, so no test.

package.path = "tests/e2e/?.lua;" .. package.path

local uv = require "luv"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local SECONDS, DRIPPING = 3, 200
local count, rounds = tonumber(arg[1]) or 5000, tonumber(arg[2]) or 3
local plateia

local function connect(how_many)
  local numbers = {}
  for i = 1, how_many do numbers[i] = i end
  return loop.each(numbers, 50, function() return assert(http.connect(plateia.port, 30)) end)
end

local UNFINISHED = "POST /signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"

-- Each makes its crowd and returns what ends it.
local crowds = {
  { "alone", function() return function() end end },
  { count .. " idle", function()
    local crowd = connect(count)
    return function()
      for _, conn in ipairs(crowd) do
        assert(not conn.ended, "an idle connection was closed")
        conn:close()
      end
    end
  end },
  { DRIPPING .. " dripping", function()
    local crowd, timer = connect(DRIPPING), uv.new_timer()
    for _, conn in ipairs(crowd) do conn:send(UNFINISHED) end
    timer:start(0, 1000, function()
      for _, conn in ipairs(crowd) do conn.tcp:write " " end
    end)
    return function()
      timer:close()
      for _, conn in ipairs(crowd) do
        assert(not conn.ended, "a dripping connection was closed")
        conn:close()
      end
    end
  end },
}

local UNITS = { us = 1, ms = 1e3, s = 1e6 }

-- p50 and p99 in microseconds.
local function measure()
  local code, text = process.run("wrk", { seconds = SECONDS + 20, args = { "-t1", "-c1", "-d" .. SECONDS, "--latency",
    ("http://127.0.0.1:%d/movies/1"):format(plateia.port) } })
  assert(code == 0 and not text:find "Non%-2xx", text)
  local function at(part)
    local number, unit = text:match("\n%s+" .. part .. "%%%s+([%d.]+)(%a+)")
    return tonumber(number) * UNITS[unit]
  end
  return at(50), at(99)
end

local function median(numbers)
  table.sort(numbers)
  return numbers[#numbers // 2 + 1]
end

local function run(folder)
  uv.os_setenv("TMPDIR", folder)
  plateia = server.start { database = database.cluster():create "bench", settings = { PLATEIA_ACCESS_LOG = "false",
    PLATEIA_HEAD_TIMEOUT_MS = "60000", PLATEIA_BODY_TIMEOUT_MS = "60000" } }
  measure() -- warms up
  local p50s, p99s = {}, {}
  for round = 1, rounds do
    for i, crowd in ipairs(crowds) do
      local leave = crowd[2]()
      local p50, p99 = measure()
      leave()
      print(("round %d   %-13s p50 %6.0f us   p99 %6.0f us"):format(round, crowd[1], p50, p99))
      p50s[i], p99s[i] = p50s[i] or {}, p99s[i] or {}
      p50s[i][round], p99s[i][round] = p50, p99
    end
  end
  local alone50, alone99 = median(p50s[1]), median(p99s[1])
  for i, crowd in ipairs(crowds) do
    local p50, p99 = median(p50s[i]), median(p99s[i])
    print(("median    %-13s p50 %6.0f us   p99 %6.0f us   ratios %.2f and %.2f"):format(crowd[1], p50, p99,
      p50 / alone50, p99 / alone99))
  end
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
