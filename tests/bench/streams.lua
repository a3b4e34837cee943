-- streams: how long from a vote's commit until everybody who watches has it, what a stream costs, and what the crowd
-- costs the voters.
--
--   PLATEIA_BINARY=build/plateia lua5.4 tests/bench/streams.lua [STREAMS [VOTES_A_SECOND [SECONDS]]]
--   (10000, 1000, 15)
--
-- One server, one PostgreSQL; crowd and voters are one process of their own (watchers.c, built here). The voters
-- alone first, then the same beside the crowd. Figures of this machine at this minute, so no test; but it fails when a
-- stream is lost, a vote refused, or somebody does not end with all votes on the screen.

package.path = "tests/e2e/?.lua;" .. package.path

local uv = require "luv"
local crowd = require "support.crowd"
local database = require "support.database"
local process = require "support.process"
local server = require "support.server"

local count, rate, seconds = tonumber(arg[1]) or 10000, tonumber(arg[2]) or 1000, tonumber(arg[3]) or 15

local function write_tokens(path, users, first, many)
  local lines = {}
  for i = first, first + many - 1 do lines[#lines + 1] = users[i].token end
  process.write_file(path, table.concat(lines, "\n") .. "\n")
end

local function run(folder)
  uv.os_setenv("TMPDIR", folder)
  local client = folder .. "/watchers"
  local code, text = process.run("cc", { args = { "-O2", "-D_GNU_SOURCE", "-o", client, "tests/bench/watchers.c" } })
  assert(code == 0, text)
  local db = database.cluster():create "bench"
  local plateia = server.start { database = db, settings = { PLATEIA_ACCESS_LOG = "false",
    PLATEIA_CONNECTIONS = "20000", PLATEIA_STREAM_MAX = tostring(count), PLATEIA_HEAD_TIMEOUT_MS = "60000" } }
  local many = rate * seconds
  local users = crowd.make(db, server.SECRET, "voter", 2 * many)
  local fine = true
  for round, streams in ipairs { 0, count } do
    write_tokens(folder .. "/tokens", users, (round - 1) * many + 1, many)
    code, text = process.run(client, { seconds = seconds + 120, args = { tostring(plateia.port), tostring(streams),
      tostring(rate), tostring(seconds), folder .. "/tokens", tostring(plateia.process.pid) } })
    print(text)
    fine = fine and code == 0
  end
  plateia:audit(db)
  plateia:stop()
  database.cluster():stop "immediate"
  assert(fine, "a stream was lost, a vote refused, or a stream did not end with all votes")
end

local folder = assert(uv.fs_mkdtemp "/tmp/plateia-XXXXXX")
assert(uv.fs_chmod(folder, 493)) -- 0755
local ok, why = xpcall(run, debug.traceback, folder)
os.execute("rm -rf " .. folder)
if not ok then
  io.stderr:write(why, "\n")
  os.exit(1)
end
