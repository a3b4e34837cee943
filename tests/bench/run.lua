-- Measures ours beside others, on one PostgreSQL, in turn and repeated; see ./dev help, and docs/performance.md for
-- how to read what it prints.
--
--   lua5.4 tests/bench/run.lua [--quick] [--turns N] [--seconds N] [--only WORK,...] [--who NAME] [--write] [--full]

package.path = "tests/bench/?.lua;tests/e2e/?.lua;" .. package.path

local uv = require "luv"

local ORDER = { "votes", "movie", "page", "top", "growth", "start" }

local function usage(why)
  io.stderr:write("bench: ", why, "\nusage: ./dev bench [--quick] [--full] [--turns N] [--seconds N] [--only ",
    table.concat(ORDER, ","), "] [--who NAME] [--write]\n")
  os.exit(2)
end

-- quick: few turns, short ones, pgbench with one count of clients. full: ten million votes as well.
local function read_options()
  local options = { only = {} }
  local at = 1
  local function value(name)
    at = at + 1
    return arg[at] or usage(name .. " wants a value")
  end
  while arg[at] do
    local name = arg[at]
    if name == "--quick" or name == "--full" or name == "--write" then
      options[name:sub(3)] = true
    elseif name == "--turns" or name == "--seconds" then
      options[name:sub(3)] = math.tointeger(tonumber(value(name))) or usage(name .. " wants a number")
    elseif name == "--who" then
      options.who = value(name)
    elseif name == "--only" then
      for work in value(name):gmatch "[^,]+" do options.only[work] = true end
    else
      usage("no such option: " .. name)
    end
    at = at + 1
  end
  options.turns = options.turns or options.quick and 1 or 3
  options.seconds = options.seconds or options.quick and 2 or 5
  options.warm, options.pace = options.quick and 1 or 2, options.quick and 1 or 3
  local known = {}
  for _, name in ipairs(ORDER) do known[name] = true end
  for name in pairs(options.only) do
    if not known[name] then usage("no such work: " .. name) end
  end
  if not next(options.only) then options.only = known end
  return options
end

local options = read_options()
local began = os.time()

local function say(...)
  local spent = os.time() - began
  print(("%2d:%02d  "):format(spent // 60, spent % 60) .. string.format(...))
  io.stdout:flush()
end

uv.os_setenv("PLATEIA_BINARY", os.getenv "PLATEIA_BINARY" or "build/plateia")
local folder = assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/plateia-bench-XXXXXX"))
assert(uv.fs_chmod(folder, 493)) -- 0755: PostgreSQL's user has its own folder in it
uv.os_setenv("TMPDIR", folder)

local ground = require "ground"
local growth = require "growth"
local page = require "page"
local report = require "report"
local startup = require "startup"
local turn = require "turn"
local works = require "works"

-- Everybody of a work in turn, and again.
local function measure(name)
  say("%s: preparing", name)
  local work = works[name](options)
  say("%s", work.title)
  for i = #work, 1, -1 do
    if options.who and not work[i].name:find(options.who, 1, true) then table.remove(work, i) end
  end
  for number = 1, options.turns do
    say("  turn %d of %d", number, options.turns)
    for _, row in ipairs(work) do turn(row, say, row.run) end
  end
  return work
end

-- What each name of --only stands for: functions that measure and return what report.tables knows.
local parts = {
  growth = {
    function()
      say "growth: more connections"
      return growth.connections(options, say)
    end,
    function()
      say "growth: more votes that are there already"
      return growth.votes(options, say)
    end,
  },
  start = {
    function()
      say "start"
      return startup.run(options, say)
    end,
  },
}

for _, name in ipairs { "votes", "movie", "page", "top" } do parts[name] = { function() return measure(name) end } end

-- A part that fails leaves the others alone.
local function run()
  say "starting PostgreSQL"
  ground.start(folder)
  local results = {}
  for _, name in ipairs(ORDER) do
    for _, part in ipairs(options.only[name] ~= nil and parts[name] or {}) do
      local ok, result = xpcall(part, debug.traceback)
      if ok then results[#results + 1] = result else say("%s failed: %s", name, result) end
    end
  end
  local facts = report.facts(startup.machine(), options)
  print(facts .. "\n\n" .. report.tables(results))
  if options.write then page.write(results, facts) end
end

-- What we started ends with us; the kernel sees to that (see support.process). Files do not.
local function clean_up()
  pcall(ground.stop)
  os.execute("rm -rf '" .. folder .. "'")
end

for name, code in pairs { sigint = 130, sigterm = 143 } do
  local signal = uv.new_signal()
  signal:start(name, function()
    if ground.cluster then ground.cluster.server:signal "quit" end
    os.execute("trap '' INT TERM; sleep 1; rm -rf '" .. folder .. "'")
    os.exit(code)
  end)
  signal:unref()
end

local ok, why = xpcall(run, debug.traceback)
clean_up()
if not ok or turn.ours_failed then
  io.stderr:write(ok and "bench: a turn of ours failed, see above" or why, "\n")
  os.exit(1)
end
