-- What wrk sends, for as little as can be: requests come ready-made from a file of records of one width, and there is
-- no response(), as wrk would then parse every head once more for it.
--
--   wrk ... -s tests/bench/wrk.lua URL -- FILE WIDTH FIRST COUNT THREADS
--
-- Records FIRST (from 0) to FIRST + COUNT - 1.
-- Each thread sends its share from front to back, and then again. wrk begins to send from one thread while the next
-- is still made ready, so that must be quick: one read of the share, cut when it is needed.

-- luacheck: globals setup init request done number spent

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

function init(args)
  local began = os.clock()
  local file = assert(io.open(args[1], "rb"))
  local width, first, count = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  local share = math.floor(count / tonumber(args[5]))
  file:seek("set", (first + number * share) * width)
  local text, at, size = file:read(share * width), 1, share * width
  file:close()
  function request()
    local from = at
    at = at + width
    if at > size then at = 1 end
    return text:sub(from, from + width - 1)
  end
  spent = os.clock() - began
end

-- One line for whoever reads: answers, microseconds, statuses from 400 up, broken connections, timeouts, p50, p99 and
-- longest in microseconds, and the CPU of it all.
function done(summary, latency)
  local cpu, errors = os.clock(), summary.errors
  for _, thread in ipairs(threads) do cpu = cpu - thread:get "spent" end
  print(("figures %d %d %d %d %d %d %d %d %d"):format(summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write, errors.timeout, latency:percentile(50), latency:percentile(99),
    latency.max, cpu * 1e6))
end
