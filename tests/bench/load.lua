-- load: who asks, and what they say they got. wrk asks over HTTP, pgbench asks PostgreSQL without it.

local account = require "account"
local process = require "support.process"

local load = {}

local THREADS = 2 -- of wrk and of pgbench each, but never more than connections

local function numbers(code, text)
  local line = ("\n" .. text):match "\nfigures ([%d ]+)"
  if code ~= 0 or not line then error(text:sub(-400), 0) end
  local figures = {}
  for word in line:gmatch "%d+" do figures[#figures + 1] = tonumber(word) end
  return figures
end

-- requests: { file, width, first, count }, see wrk.lua. Returns answers, seconds, bad (statuses from 400 up), broken
-- (connections), timeouts, p50, p99, most (milliseconds), cpu (microseconds of wrk's).
function load.wrk(port, connections, seconds, requests)
  local threads = math.min(THREADS, connections)
  local code, text = process.run("wrk", { seconds = seconds + 30, args = { "-t" .. threads, "-c" .. connections,
    "-d" .. seconds, "--timeout", "10", "-s", "tests/bench/wrk.lua", ("http://127.0.0.1:%d/"):format(port), "--",
    requests.file, tostring(requests.width), tostring(requests.first), tostring(requests.count), tostring(threads) } })
  local figures = numbers(code, text)
  return { answers = figures[1], seconds = figures[2] / 1e6, bad = figures[3], broken = figures[4],
    timeouts = figures[5], p50 = figures[6] / 1e3, p99 = figures[7] / 1e3, most = figures[8] / 1e3, cpu = figures[9] }
end

-- At a rate, see pace.lua. Returns answers, due, p50, p99, most (milliseconds), bad.
function load.pace(port, rate, seconds, requests)
  local figures = numbers(process.run("lua5.4", { seconds = seconds + 30, args = { "tests/bench/pace.lua",
    tostring(port), tostring(rate), tostring(seconds), requests.file, tostring(requests.width),
    tostring(requests.first), tostring(requests.count) } }))
  return { answers = figures[1], due = figures[2], p50 = figures[3] / 1e3, p99 = figures[4] / 1e3,
    most = figures[5] / 1e3, bad = figures[6] }
end

-- define: names and values for the script. Returns answers, seconds, bad, cpu as above.
function load.pgbench(db, script, clients, seconds, define)
  local args = { "-n", "-M", "prepared", "-f", script, "-c", tostring(clients), "-j", tostring(THREADS),
    "-T", tostring(seconds) }
  for name, value in pairs(define) do table.move({ "-D", name .. "=" .. value }, 1, 2, #args + 1, args) end
  args[#args + 1] = db.url
  local before = account.children()
  local code, text = process.run("pgbench", { args = args, seconds = seconds + 30 })
  local done, rate = text:match "transactions actually processed: (%d+)", text:match "\ntps = ([%d.]+)"
  if code ~= 0 or not rate then error("pgbench: " .. text, 0) end
  return { answers = tonumber(done), seconds = done / rate, bad = 0, cpu = account.children() - before,
    clients = clients }
end

return load
