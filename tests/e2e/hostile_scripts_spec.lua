-- Scripts that mean harm, one after the other on one server. Each file of hostile/ is one: its first line says what it
-- tries, the lines below what becomes of it, call by call: the status, and words of the answer, or, where that is 500,
-- of the log, which names the file and its line.

local uv = require "luv"
local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local scripts = require "support.scripts"
local server = require "support.server"

local HERE = "tests/e2e/hostile/"
local LEASES = 2
local MIB = 1 << 20
-- What the process may keep; the sanitizer's allocator gives small pieces back late or never.
local MORE = (server.binary():find "asan" and 192 or 64) * MIB

local function read_attack(name)
  local attack, lines = { name = name, calls = {} }, io.lines(HERE .. name .. ".lua")
  attack.what = lines():match "^%-%- (.*)$"
  for line in lines do
    local status, also, words = line:match "^%-%- (%d%d%d)( ?[or503 ]*): (.+)$"
    if not status then break end
    table.insert(attack.calls, { status = math.tointeger(status), slow = also == " or 503", words = words })
  end
  return attack
end

local function read_attacks()
  local attacks = {}
  for name, kind in uv.fs_scandir_next, assert(uv.fs_scandir(HERE)) do
    if kind == "file" then table.insert(attacks, read_attack(name:match "^(.*)%.lua$")) end
  end
  table.sort(attacks, function(a, b) return a.name < b.name end)
  return attacks
end

local function copy_all(folder, into, before)
  for name, kind in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
    if kind == "file" then process.write_file(into .. (before or "") .. name, process.read_file(folder .. name)) end
  end
end

local function memory_of(plateia)
  return tonumber(process.read_file(("/proc/%d/status"):format(plateia.process.pid)):match "VmRSS:%s+(%d+)") * 1024
end

describe("a script that means harm:", function()
  local copy, db, plateia, client, baseline

  setup(function()
    copy = scripts.copy()
    copy_all(HERE, copy:path "scripts/routes/", "hostile_")
    copy_all(HERE .. "lib/", copy:path "scripts/lib/")
    copy_all(HERE .. "queries/", copy:path "sql/queries/")
    db = database.cluster():create "hostilescripts"
    copy.settings.PLATEIA_DB_LEASES = tostring(LEASES)
    copy.settings.PLATEIA_SCRIPT_TOTAL_MS = tostring(2000 * loop.patience // 1 | 0)
    -- Sizes are to be what ends those that are too large, also where a machine is slow.
    copy.settings.PLATEIA_SCRIPT_TIME_MS = tostring(500 * loop.patience // 1 | 0)
    copy.settings.ASAN_OPTIONS = "quarantine_size_mb=1"
    plateia = server.start { database = db, settings = copy.settings }
    client = plateia:client()
    for _ = 1, 100 do assert.equal(200, client:get("/movies/1").status) end
    baseline = memory_of(plateia)
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  -- Of this request, or of the worker's where it is background work.
  local function logged(id, words)
    for line in plateia:output():gmatch "[^\n]+" do
      if line:find(id, 1, true) and line:find(words, 1, true) then return line end
    end
  end

  local function in_log(attack, call, answer)
    -- The log is JSON.
    local words = call.words:gsub('[\\"]', "\\%0")
    local line = loop.wait_until("the log tells of it", 5, function()
      return logged(answer.headers["x-request-id"], words)
    end)
    assert.matches("hostile[_/]" .. attack.name, line)
  end

  local function run(attack)
    for _, call in ipairs(attack.calls) do
      local answer = client:get("/hostile/" .. attack.name)
      local stopped = call.slow and answer.status == 503 -- before it came so far
      assert.equal(stopped and 503 or call.status, answer.status, answer.body:sub(1, 500))
      if answer.status == 500 then
        in_log(attack, call, answer)
      else
        local said = answer:json()
        assert.matches(stopped and "used more than its" or call.words, said.said or said.detail, 1, true)
      end
    end
  end

  local witness = read_attack "witness"

  for _, attack in ipairs(read_attacks()) do
    it(("%s (%s)"):format(attack.what, attack.name), function()
      assert.is_true(#attack.calls > 0)
      run(attack)
      run(witness)
      assert.equal(200, client:get("/movies/1").status)
    end)
  end

  it("none of them has harmed anybody: every route answers, on every worker", function()
    for _ = 1, 20 do
      local other = plateia:client()
      for path, status in pairs { ["/movies/1"] = 200, ["/movies?limit=3"] = 200, ["/movies/top"] = 200, ["/me"] = 401,
        ["/movies/0"] = 422, ["/nowhere"] = 404, ["/hostile/witness"] = 200 } do
        assert.equal(status, other:get(path).status, path)
      end
      other:close()
    end
    plateia:check_output()
  end)

  it("no lease is lost, and no lock is held", function()
    loop.wait_until("all is given back", 10, function()
      return db:value "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 471148" == 0
    end)
    for _ = 1, 20 do
      local others = {}
      for i = 1, 4 * LEASES do others[i] = plateia:client() end
      loop.each(others, #others, function(other)
        assert.equal(200, other:get("/hostile/db_open").status)
        other:close()
      end)
    end
  end)

  it("memory is back, once what scripts keep has gone with their generation", function()
    local now
    copy:save("scripts/lib/endless.lua", "return {}\n")
    loop.wait_until("an edit is served", 20, function() return client:get("/nowhere"):json().generation == 2 end)
    loop.wait_until("it is", 30, function()
      client:get "/movies/1"
      now = memory_of(plateia)
      return now < baseline + MORE, ("%d of %d MiB"):format(now // MIB, baseline // MIB)
    end)
  end)
end)
