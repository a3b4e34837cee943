-- What do others wait for while somebody keeps asking for scripts that never end?
--
--   PLATEIA_BINARY=build/plateia lua5.4 tests/faults/hostile.lua [SECONDS] [ROUNDS]      10 and 3 unless told
--
-- One worker; four connections of wrk ask for a film, alone and then beside one that asks for a hostile route over and
-- over, with the quarantine out of the way (PLATEIA_QUARANTINE_MS=30000: as it is). Prints p50, p99, longest wait
-- of the four, round by round; wrk adds to its percentiles what would have been asked during a long wait. The last line
-- is "N passed, N failed": p99 within the time of a handler and 50 ms.

package.path = "tests/e2e/?.lua;tests/faults/?.lua;" .. package.path

local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local proof = require "proof"
local scripts = require "support.scripts"
local server = require "support.server"

local SECONDS, ROUNDS = math.tointeger(tonumber(arg[1] or 10)), math.tointeger(tonumber(arg[2] or 3))
local ATTACKS = { "loop", "pcall", "recursion", "tables", "json_laughs" }
local BUDGET, MORE = 100, 50

local DONE = [[
function done(summary, latency)
  print(("p50 %.1f p99 %.1f most %.1f of %d"):format(latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000, summary.requests))
end
]]

local function prepare(folder)
  local copy = scripts.copy()
  local function take(from, into)
    process.write_file(copy:path(into), process.read_file("tests/e2e/hostile/" .. from))
  end
  take("lib/attack.lua", "scripts/lib/attack.lua")
  for _, name in ipairs(ATTACKS) do take(name .. ".lua", "scripts/routes/hostile_" .. name .. ".lua") end
  process.write_file(folder .. "/done.lua", DONE)
  copy.settings.PLATEIA_WORKERS = "1"
  copy.settings.PLATEIA_SCRIPT_PAUSE_MS = os.getenv "PLATEIA_SCRIPT_PAUSE_MS" or "100" -- as it is
  copy.settings.PLATEIA_QUARANTINE_MS = os.getenv "PLATEIA_QUARANTINE_MS" or "1"
  copy.settings.PLATEIA_ACCESS_LOG = "false"
  return copy.settings
end

-- How long four connections waited for a film: p50, p99, the longest, and how many answers there were.
local function measure(plateia, folder)
  local code, text = process.run("wrk", { seconds = SECONDS + 30, args = { "-t1", "-c4", "-d" .. SECONDS, "-s",
    folder .. "/done.lua", ("http://127.0.0.1:%d/movies/1"):format(plateia.port) } })
  assert(code == 0, text)
  local p50, p99, most, count = text:match "p50 ([%d.]+) p99 ([%d.]+) most ([%d.]+) of (%d+)"
  assert(p50, text)
  return tonumber(p50), tonumber(p99), tonumber(most), tonumber(count)
end

-- Asks for the route until told to stop; counts the answers.
local function attack(plateia, name)
  local self = { count = 0 }
  self.task = loop.go(function()
    local client = plateia:client()
    while not self.stop do
      client:get("/hostile/" .. name)
      self.count = self.count + 1
    end
    client:close()
  end)
  return self
end

local function say(name, p50, p99, most, count, attacks)
  print(("     %-12s p50 %6.1f ms   p99 %6.1f ms   most %6.1f ms   of %d, beside %d"):format(name, p50, p99, most,
    count, attacks))
end

local function run(folder)
  local db = database.start():create "hostile"
  local plateia = server.start { database = db, settings = prepare(folder) }
  for _ = 1, ROUNDS do
    local p50, p99, most, count = measure(plateia, folder)
    say("nobody", p50, p99, most, count, 0)
    for _, name in ipairs(ATTACKS) do
      local other = attack(plateia, name)
      p50, p99, most, count = measure(plateia, folder)
      other.stop = true
      other.task:join(30)
      say(name, p50, p99, most, count, other.count)
      proof.count(p99 <= BUDGET + MORE)
    end
  end
  plateia:stop()
  database.cluster():stop "immediate"
end

proof.run(run)
