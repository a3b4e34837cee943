-- A thousand edits under load: does any request fail, mix two versions, or is any vote seen twice?
--
--   PLATEIA_BINARY=build/plateia lua5.4 tests/faults/reload.lua [EDITS] [VOTES]      1000 and 5000 unless told
--
-- The script folder is a symbolic link that is swapped between two versions, in which a route and the library that it
-- requires differ together. wrk asks for every route meanwhile, and votes. Prints what it measured: from the swap to
-- the first answer of the new version, how long reloading took, memory. The last line is "N passed, N failed".

package.path = "tests/e2e/?.lua;tests/faults/?.lua;" .. package.path

local uv = require "luv"
local crowd = require "support.crowd"
local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local proof = require "proof"
local server = require "support.server"

local EDITS, VOTES = math.tointeger(tonumber(arg[1] or 1000)), math.tointeger(tonumber(arg[2] or 5000))
local SAMPLES = 10 -- of memory

local PAIR_LIB = [[return { name = "%s" }]]
local PAIR_ROUTE = [[
local route, field, pair = require "plateia.route", require "plateia.field", require "lib.pair"
return route.get "/pair" {
  summary = "Says which version this is, and which its library.",
  answers = { [200] = field.object { route = field.string {}, lib = field.string {} } },
  handler = function() return { route = "%s", lib = pair.name } end,
}
]]
local COUNT = [[
local log = require "plateia.log"
return { on = "vote.cast", every = 0.05, run = function(events)
  for _, event in ipairs(events) do log.info("seen", { user = event.user_id }) end
end }
]]

-- Every route; wrk counts what is not 2xx, and this what mixes two versions.
local LOAD = [[
local tokens, next_token, reader = {}, 0, nil
for token in io.lines "%s" do tokens[#tokens + 1] = token end
reader = tokens[1]
local asked, odd, mixed = 0, 0, 0
local paths = { "/movies/1", "/movies?limit=3", "/movies/top", "/pair", "/me", "/pair", "/me/votes" }
local votes = 0
function request()
  asked = asked + 1
  if asked %% 20 == 0 and next_token < #tokens then
    next_token = next_token + 1
    return wrk.format("POST", "/vote/" .. next_token %% 40 + 1, { Authorization = "Bearer " .. tokens[next_token] }, "")
  end
  return wrk.format("GET", paths[asked %% #paths + 1], { Authorization = "Bearer " .. reader })
end
function response(status, _, body)
  if status < 200 or status > 299 then
    odd = odd + 1
    if odd <= 5 then io.stderr:write("odd: ", status, " ", body, "\n") end
  end
  local route, lib = body:match '"route":"(%%w+)","lib":"(%%w+)"'
  if route ~= lib then mixed = mixed + 1 end
  if status == 201 then votes = votes + 1 end
  counts = ("%%d odd, %%d mixed, %%d votes"):format(odd, mixed, votes)
end
local thread
function setup(t) thread = t end
function done(summary)
  local errors = summary.errors
  print(("%%d answers, %%s, %%d broken"):format(summary.requests, thread:get "counts",
    errors.connect + errors.read + errors.write + errors.timeout))
end
]]

local function at(sorted, part)
  return sorted[math.max(1, math.ceil(#sorted * part))]
end

local function make_version(folder, name)
  local code, text = process.run("cp", { args = { "-r", "scripts", folder .. "/" .. name } })
  assert(code == 0, text)
  process.write_file(folder .. "/" .. name .. "/lib/pair.lua", PAIR_LIB:format(name))
  process.write_file(folder .. "/" .. name .. "/routes/pair.lua", PAIR_ROUTE:format(name))
  process.write_file(folder .. "/" .. name .. "/observers/count.lua", COUNT)
end

local function swap_to(folder, name)
  assert(uv.fs_symlink(name, folder .. "/next"))
  assert(uv.fs_rename(folder .. "/next", folder .. "/scripts"))
end

local function memory_of(pid)
  return tonumber(process.read_file("/proc/" .. pid .. "/status"):match "VmRSS:%s*(%d+)") / 1024
end

-- Swaps, and waits until the new version answers: milliseconds.
local function edit(folder, client, name)
  local began = uv.hrtime()
  swap_to(folder, name)
  loop.wait_until("the edit is served", 20, function()
    return client:get("/pair").body:find('"route":"' .. name, 1, true)
  end)
  return (uv.hrtime() - began) / 1e6
end

local function start_load(plateia, folder, users)
  local lines = {}
  for i, user in ipairs(users) do lines[i] = user.token end
  process.write_file(folder .. "/tokens", table.concat(lines, "\n"))
  process.write_file(folder .. "/load.lua", LOAD:format(folder .. "/tokens"))
  local said = {}
  local wrk = process.start("wrk", { args = { "-t1", "-c16", "-d3600", "--timeout", "20", "-s", folder .. "/load.lua",
    "http://127.0.0.1:" .. plateia.port }, output = function(chunk) said[#said + 1] = chunk end })
  return wrk, said
end

local function run(folder)
  for _, name in ipairs { "one", "two" } do make_version(folder, name) end
  swap_to(folder, "one")
  local db = database.start():create "reload"
  local plateia = server.start { database = db, settings = { PLATEIA_SCRIPTS = folder .. "/scripts",
    PLATEIA_ACCESS_LOG = "false" } }
  local users = crowd.make(db, server.SECRET, "voter", VOTES)
  local client, pid = plateia:client(), plateia.process.pid
  local wrk, said = start_load(plateia, folder, users)
  local times, memory = {}, {}
  for i = 1, EDITS do
    times[i] = edit(folder, client, i % 2 == 0 and "one" or "two")
    if i % (EDITS // SAMPLES) == 0 then memory[#memory + 1] = memory_of(pid) end
  end
  wrk:signal "int"
  wrk:wait(30)
  local text = table.concat(said)
  local answers, odd, mixed, votes, broken =
    text:match "(%d+) answers, (%d+) odd, (%d+) mixed, (%d+) votes, (%d+) broken"
  assert(answers, text)

  local reloads, generations = {}, 0
  for line in plateia:output():gmatch '[^\n]*"message":"new scripts are served"[^\n]*' do
    generations = generations + 1
    reloads[generations] = tonumber(line:match '"milliseconds":([%d.]+)')
  end
  table.sort(times)
  table.sort(reloads)
  print(("     from the swap to the first answer: p50 %.0f ms, p99 %.0f ms, most %.0f ms"):format(at(times, 0.5),
    at(times, 0.99), at(times, 1)))
  print(("     reloading itself: p50 %.1f ms, p99 %.1f ms, most %.1f ms"):format(at(reloads, 0.5), at(reloads, 0.99),
    at(reloads, 1)))
  for i, mib in ipairs(memory) do memory[i] = ("%.1f"):format(mib) end
  print("     memory in MiB: " .. table.concat(memory, " "))
  proof.see("edits served", generations == EDITS, generations)
  proof.see("requests that failed, of " .. answers, tonumber(odd) + tonumber(broken) == 0, odd .. " + " .. broken)
  proof.see("answers that mix two versions", mixed == "0", mixed)
  proof.see("memory is flat", tonumber(memory[#memory]) < tonumber(memory[2]) * 1.15, memory[#memory])

  local cast = db:value "SELECT count(*) FROM votes"
  loop.wait_until("all were seen", 20, function() return select(2, plateia:output():gsub('"seen"', "")) >= cast end)
  local seen, twice = {}, 0
  for user in plateia:output():gmatch '"message":"seen"[^\n]*"user":(%d+)' do
    if seen[user] then twice = twice + 1 end
    seen[user] = true
  end
  local once = 0
  for _ in pairs(seen) do once = once + 1 end
  proof.see("votes that an observer saw, of " .. cast .. " (" .. votes .. " answered)", once == cast, once)
  proof.see("seen twice", twice == 0, twice)
  plateia:audit(db)
  plateia:stop()
  database.cluster():stop "immediate"
end

proof.run(run)
