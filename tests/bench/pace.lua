-- Asks at a fixed rate, whether or not what was asked before is answered, and counts each answer's time from when its
-- request was due: a server that stands still for a second has then a thousand late answers, not one.
--
--   lua5.4 tests/bench/pace.lua PORT RATE SECONDS FILE WIDTH FIRST COUNT      records as tests/bench/wrk.lua reads
--
-- It never sleeps, as the kernel's clock for sleepers is too coarse for this: one core is its own. Prints one line:
-- answers in time, all that were due, p50, p99 and longest in microseconds, statuses from 400 up.

local uv = require "luv"

local CONNECTIONS, GRACE = 64, 2 -- seconds to wait for the last answers

local port, rate, seconds = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3])
local file = assert(io.open(arg[4], "rb"))
local width, first, count = tonumber(arg[5]), tonumber(arg[6]), tonumber(arg[7])
file:seek("set", first * width)
local records = file:read(math.min(count, rate * seconds) * width)
file:close()

local free, waiting, oldest, times, bad, failed = {}, {}, 1, {}, 0, nil

local function send(connection, number)
  local at = (number - 1) * width % #records
  connection.due, connection.text = waiting[number], ""
  connection.tcp:write(records:sub(at + 1, at + width))
end

-- Takes what has come; when it is a whole answer, its time is known.
local function take(connection, chunk)
  connection.text = connection.text .. chunk
  local head = connection.text:find("\r\n\r\n", 1, true)
  if not head then return end
  local length = connection.text:sub(1, head):match "\r\n[Cc]ontent%-[Ll]ength: *(%d+)"
  if #connection.text < head + 3 + length then return end
  times[#times + 1] = uv.hrtime() - connection.due
  if connection.text:byte(10) >= 52 then bad = bad + 1 end -- "4"
  if waiting[oldest] then
    oldest = oldest + 1
    return send(connection, oldest - 1)
  end
  free[#free + 1] = connection
end

for _ = 1, CONNECTIONS do
  local connection = { tcp = uv.new_tcp() }
  connection.tcp:connect("127.0.0.1", port, function(why)
    failed = failed or why
    free[#free + 1] = connection
    connection.tcp:nodelay(true)
    connection.tcp:read_start(function(err, chunk)
      if chunk then take(connection, chunk) else failed = failed or err or "the server closed a connection" end
    end)
  end)
end
while #free < CONNECTIONS and not failed do uv.run "once" end

local began, all, made = uv.hrtime(), math.floor(rate * seconds), 0
local ends = began + (seconds + GRACE) * 1e9
while #times < all and not failed and uv.hrtime() < ends do
  local due = math.min(all, (uv.hrtime() - began) * rate // 1000000000 + 1)
  while made < due do
    made = made + 1
    waiting[made] = began + (made - 1) * 1000000000 // rate
    local connection = table.remove(free)
    if connection then
      oldest = made + 1
      send(connection, made)
    end
  end
  uv.run "nowait"
end

if failed and #times < all then
  print("failed " .. failed)
  os.exit(1)
end
-- What was not answered took at least until now.
local answered = #times
for number = oldest, made do times[#times + 1] = uv.hrtime() - waiting[number] end
table.sort(times)
local function at(share) return times[math.max(1, math.ceil(#times * share))] // 1000 end
print(("figures %d %d %d %d %d %d"):format(answered, all, at(0.5), at(0.99), at(1), bad))
os.exit(0)
