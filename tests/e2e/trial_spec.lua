-- `plateia test`: specs of script authors on the real bindings; what they do is taken back, whatever becomes of them.

local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local db, env

-- Runs it with these words: exit code, all it printed, and the last line.
local function plateia(...)
  local code, text = process.run(server.binary(), { args = { "test", ... }, env = env, seconds = 120 })
  return code, text, text:match "([^\n]*)\n$"
end

-- A folder with these spec files in it.
local function specs(files)
  local folder = process.temporary_folder "specs"
  for name, text in pairs(files) do process.write_file(folder .. "/" .. name, text) end
  return folder
end

-- One file of that text, behind what most want.
local function spec(text)
  return specs { ["a_spec.lua"] = "local test = require 'plateia.test'; local _ = test\n" .. text }
end

local function has(text, words)
  assert.truthy(text:find(words, 1, true), ("%s is not in:\n%s"):format(words, text))
end

setup(function()
  db = database.cluster():create "trials"
  env = { DATABASE_URL = db.url, PLATEIA_DATA = process.temporary_folder "data" }
  local code, text = process.run(server.binary(), { args = { "migrate" }, env = env })
  assert(code == 0, text)
end)

describe("plateia test", function()
  it("runs the house's own specs, and leaves nothing in the database", function()
    local digest = [[SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM movies) || ' '
      || (SELECT count(*) FROM tallies) || ' ' || (SELECT count(*) FROM outbox) || ' ' || count(*) FROM pg_class]]
    local before = db:value(digest)
    local code, text, last = plateia()
    assert.equal(0, code, text)
    assert.matches("^%d+ passed, 0 failed$", last)
    assert.is_true(tonumber(last:match "^%d+") > 8)
    assert.equal(before, db:value(digest))
  end)

  it("does what the handbook's page says", function()
    local page = process.read_file "docs/handlers/testing.md"
    local files, runs = 0, 0
    for name, text in page:gmatch "```lua (%S+)\n(.-)```\n" do
      files = files + 1
      assert.equal(process.read_file("docs/handlers/" .. name), text)
    end
    for words, shown in page:gmatch "```sh\nplateia test ([^\n]*)\n```\n```text\n(.-)```\n" do
      runs = runs + 1
      assert.equal(shown, (select(2, plateia(words))))
    end
    assert.same({ 2, 2 }, { files, runs })
  end)

  it("says what failed, where, and how it came there", function()
    local folder = spec [[
local function look(x) assert.equal(1, x) end
describe("outer", function()
  it("works", function() end)
  it("compares", function()
    look(2)
  end)
  it("raises", function() local t; return t.x end)
  it("is refused by the database", function() test.sql("SELECT no_such FROM nothing") end)
  pending("later")
end)
]]
    local code, text, last = plateia(folder)
    assert.equal(1, code)
    has(text, ".FFF-\n")
    has(text, ("FAIL %s/a_spec.lua:5: outer compares\n     %s/a_spec.lua:2: expected 1, got 2\n"
      .. "       %s/a_spec.lua:2\n       %s/a_spec.lua:6\n"):format(folder, folder, folder, folder))
    has(text, folder .. "/a_spec.lua:8: attempt to index a nil value (local 't')")
    has(text, folder .. "/a_spec.lua:9: relation \"nothing\" does not exist")
    assert.equal("1 passed, 3 failed, 1 skipped", last)
  end)

  it("stops what loops or waits for ever, and goes on", function()
    local folder = spec [[
local db = require "plateia.db"
it("loops", function() while true do end end)
it("loops under a pcall", function() while true do pcall(function() while true do end end) end end)
it("waits", function()
  while true do test.sql "SELECT pg_sleep(0.2)" end
end)
it("keeps a transaction", function() assert(db.transaction()); while true do end end)
it("goes on", function() assert.same({}, test.get("/movies").json.items) end)
]]
    local code, text, last = plateia(folder)
    assert.equal(1, code)
    has(text, "loops\n     stopped: it used more than 2000 ms at " .. folder .. "/a_spec.lua:3")
    has(text, "stopped: it took longer than 5 s, waits included; it waited at " .. folder .. "/a_spec.lua:6")
    assert.equal("1 passed, 4 failed", last, text)
  end)

  it("tells what is misused, where it stands", function()
    local folder = spec [[
it("memory", function() local s = "x" while true do s = s .. s end end)
it("stack", function() local function f() return 1 + f() end f() end)
it("commit", function() test.sql "COMMIT" end)
it("path", function() test.get() end)
it("option", function() test.get("/movies", { jsn = {} }) end)
it("header", function() test.get("/movies", { headers = { ["a b"] = "x" } }) end)
it("time", function() test.at "yesterday noon" end)
it("event", function() test.events "nothing" end)
it("query", function() test.query "nothing" end)
it("user", function() test.user { username = "x" } end)
it("global", function() leaked = 1 end)
it("nesting", function() describe("x", function() end) end)
it("assertion", function() assert.is_fooled(1) end)
it("raised", function() error(setmetatable({}, { __tostring = function() error "in it" end })) end)
it("table", function() error { 1 } end)
it("waits", function() ("x"):gsub("x", function() test.get "/movies" end) end)
it("works", function() assert.equal(200, test.get("/movies").status) end)
]]
    local code, text, last = plateia(folder)
    assert.equal(1, code)
    local line = 1
    for words in ([[
it used more memory than there is for all specs
stack overflow
a spec is one transaction, which is taken back at its end
the path of a request begins with "/"
"jsn" it has not
"a b: x" is no header
invalid input syntax for type timestamp
there is no event "nothing" in events.lua
there is no query "nothing"
a username has 3 to 32 characters
"leaked" cannot be set here
describe stands in a describe, not in a spec
there is no assertion "is_fooled": equal, same
in it
{ 1 }
nothing may wait in a function that string.gsub
]]):gmatch "[^\n]+" do
      line = line + 1
      has(text, words)
      has(text, ("FAIL %s/a_spec.lua:%d: "):format(folder, line))
    end
    assert.equal("1 passed, 16 failed", last, text)
  end)

  it("tells of files that do not load, and runs the others", function()
    local folder = specs { ["a_spec.lua"] = "local x = = 1\n", ["b_spec.lua"] = "\nerror 'not today'\n",
      ["c_spec.lua"] = "\n\nwhile true do end\n", ["d_spec.lua"] = "it('works', function() end)\n",
      ["e_spec.lua"] = "require 'lib.nothing'\n" }
    local code, text, last = plateia(folder)
    assert.equal(1, code)
    has(text, folder .. "/a_spec.lua:1: unexpected symbol near '='")
    has(text, folder .. "/b_spec.lua:2: not today")
    has(text, "stopped: it used more than 2000 ms at " .. folder .. "/c_spec.lua:3")
    has(text, "there is no module \"lib.nothing\"")
    assert.equal("1 passed, 4 failed", last, text)
  end)

  it("gives each spec a world of its own", function()
    local folder = spec [[
local cache, clock, settings = require "plateia.cache", require "plateia.clock", require "plateia.settings"
local function sign_up(name)
  return test.post("/signup", { json = { username = name, password = "a long password" } }).status
end
local function leave_traces()
  test.at "2020-02-29T00:00:00Z"
  test.sql("INSERT INTO movies (title) VALUES ('Left')")
  assert.equal(1, #test.get("/movies").json.items)
  assert.equal(201, sign_up "somebody")
  local _, ticket = cache.get "key"
  assert.is_true(cache.put("key", "value", { ttl = 60 }, ticket))
  local bus = require "plateia.bus"
  bus.publish("vote.cast", { user_id = 1, movie_id = 1, month = "2020-02", voted_at = "x" })
end
local function find_none()
  assert.is_true(clock.now() > 1700000000)
  assert.same({}, test.get("/movies").json.items)
  assert.same({}, test.get("/movies/top").json.items)
  assert.equal("miss", (cache.get "key"))
  cache.abandon "key"
  assert.same({}, test.events "vote.cast")
  assert.same({}, test.notifications())
end
for i = 1, 3 do
  it("leaves " .. i, function() find_none() leave_traces() end)
  it("fails " .. i, function() leave_traces() error "on purpose" end)
end
it("is throttled alone", function()
  local limit = tonumber(settings "throttle_sign_up")
  for i = 1, limit do assert.equal(201, sign_up("user" .. i)) end
  assert.equal(429, sign_up "one_more")
end)
it("is not throttled", function() assert.equal(201, sign_up "another") end)
]]
    local code, text, last = plateia(folder)
    assert.equal(1, code)
    assert.equal("5 passed, 3 failed", last, text)
    for i = 1, 3 do has(text, "fails " .. i) end
    assert.equal(0, db:value "SELECT count(*) FROM users")
  end)

  it("runs what stands around a spec, in its order", function()
    local folder = spec [[
local seen = {}
local function note(word) return function() seen[#seen + 1] = word end end
local function films() return #test.get("/movies").json.items end
local function film() test.sql("INSERT INTO movies (title) VALUES ('X')") end
describe("outer", function()
  setup(function() film() seen[#seen + 1] = "setup" end)
  before_each(note "before") after_each(note "after") teardown(note "teardown")
  it("one", function() film() assert.equal(2, films()) finally(note "finally") end)
  it("two", function() assert.equal(1, films()) end)
  describe("inner", function()
    setup(film)
    before_each(note "inner before")
    it("three", function() assert.equal(2, films()) end)
  end)
  it("four", function() assert.equal(1, films()) end)
end)
it("afterwards", function()
  assert.equal(0, films())
  assert.equal("setup before finally after before after before inner before after before after teardown",
    table.concat(seen, " "))
end)
describe("broken", function()
  setup(function() film() error "no setup" end)
  it("is not run", function() error "but it was" end)
  describe("deeper", function() setup(film) it("neither", function() error "but it was" end) end)
end)
it("is clean behind it", function() assert.equal(0, films()) end)
describe("a bad teardown", function()
  teardown(function() error "no teardown" end)
  it("is told", function() end)
end)
]]
    local code, text, last = plateia(folder)
    assert.equal(1, code)
    has(text, "broken setup\n")
    has(text, "a bad teardown teardown\n")
    assert.equal("7 passed, 2 failed, 2 skipped", last, text)
  end)

  it("keeps transactions and failures as they are without it", function()
    local folder = spec [[
local db = require "plateia.db"
local function films() return #test.get("/movies").json.items end
it("a failure undoes itself alone", function()
  test.sql "INSERT INTO movies (title) VALUES ('A')"
  assert.error_matches(function() test.sql "SELECT 1 / 0" end, "division by zero")
  assert.equal(1, films())
end)
it("a transaction that is not committed is rolled back", function()
  do local tx <close> = db.transaction() assert(tx:query("create_user", "ana", "x")) end
  assert.same({}, test.sql "SELECT FROM users")
  local tx = db.transaction()
  assert(tx:query("create_user", "ana", "x"))
  assert.is_true(tx:commit())
  assert.equal(1, #test.sql "SELECT FROM users")
end)
it("a spec is no request's thread", function()
  local tx <close> = db.transaction()
  assert.has_error(function() test.query "catalogue_size" end)
end)
]]
    local code, text, last = plateia(folder)
    assert.equal("3 passed, 0 failed", last, text)
    assert.equal(0, code)
  end)

  it("fails where there is nothing to run, and says what to do", function()
    local code, text, last = plateia "web"
    assert.equal(1, code)
    has(text, "no file in web ends with _spec.lua: write one")
    assert.equal("0 passed, 1 failed", last)
    code, text, last = plateia("--filter", "no such spec")
    assert.equal(1, code)
    has(text, "the filter no such spec fits no spec: --list shows them all")
    assert.equal("0 passed, 1 failed", last)
  end)

  it("lists, filters, and speaks TAP", function()
    local folder = spec "describe('a', function() it('one', function() end) it('two #slow', function() end) end)\n"
    local code, text = plateia("--list", folder .. "/")
    assert.equal(0, code)
    assert.equal(("%s/a_spec.lua:2: a one\n%s/a_spec.lua:2: a two #slow\n"):format(folder, folder), text)
    code, text = plateia("--filter=#slow", "--output=tap", folder .. "/a_spec.lua")
    assert.equal(0, code)
    assert.equal("ok 1 - a two \\#slow\n1..1\n1 passed, 0 failed\n", text)
    code, text = plateia("--output", "names", "--filter", "^a o", folder)
    assert.equal(0, code)
    assert.equal("ok   a one\n1 passed, 0 failed\n", text)
  end)

  it("is told when it is called wrongly", function()
    for _, words in ipairs { { "no/such/folder" }, { "--output=loud" }, { "--no-such-setting", "x" } } do
      local code, text = plateia(table.unpack(words))
      assert.equal(2, code, text)
    end
    local code, text = plateia("--filter", "[")
    assert.equal(1, code)
    has(text, "--filter: malformed pattern")
  end)

  it("takes a given database as it is", function()
    local empty = database.cluster():create "trial_empty"
    local code, text = process.run(server.binary(), { args = { "test" }, env = { DATABASE_URL = empty.url } })
    assert.equal(1, code)
    has(text, "does not exist")
    assert.equal(0, empty:value "SELECT count(*) FROM pg_class WHERE relname = 'users'")
  end)

  it("says what to do about a database that is not there", function()
    local nowhere = "postgresql://nobody@127.0.0.1:1/nowhere"
    local code, text = process.run(server.binary(), { args = { "test" }, env = { DATABASE_URL = nowhere } })
    assert.equal(1, code)
    has(text, "DATABASE_URL names it; without it a temporary one is made")
  end)

  it("tells of scripts that do not load as plateia check does", function()
    local folder = process.temporary_folder "scripts"
    process.write_file(folder .. "/app.lua", "\nreturn { routes = 3 }\n")
    local code, text = plateia(spec "it('x', print)", "--scripts", folder)
    assert.equal(1, code)
    has(text, folder .. "/app.lua:2: ")
  end)
end)

describe("a spec in the script folder", function()
  it("is no business of plateia check, nor of who serves", function()
    local folder = process.temporary_folder "scripts"
    assert.equal(0, (process.run("cp", { args = { "-r", "scripts/.", folder } })))
    process.write_file(folder .. "/routes/broken_spec.lua", "this is no Lua")
    process.write_file(folder .. "/routes/asks.lua", "return require 'plateia.test'\n")
    local code, text = process.run(server.binary(), { args = { "check", folder }, env = env })
    assert.equal(1, code)
    has(text, "routes/asks.lua:1: there is no module \"plateia.test\"")
    os.remove(folder .. "/routes/asks.lua")
    code, text = process.run(server.binary(), { args = { "check", folder }, env = env })
    assert.equal(0, code, text)
  end)
end)

describe("plateia test without a database", function()
  local function without(words, temporary)
    return { args = { "test", table.unpack(words) }, env = { TMPDIR = temporary } }
  end

  it("makes one, and leaves nothing behind", function()
    local temporary = process.temporary_folder "trial"
    local options = without({ spec "it('x', function() test.sql 'SELECT FROM users' end)\n" }, temporary)
    local code, text = process.run(server.binary(), options)
    assert.equal(0, code, text)
    assert.same({}, process.working_in(temporary))
    assert.equal(0, (process.run("rmdir", { args = { temporary } }))) -- which only empty folders suffer
  end)

  it("leaves nothing behind when it is interrupted", function()
    local temporary, output = process.temporary_folder "trial", ""
    local folder = spec "for i = 1, 100 do it('x', function() test.sql 'SELECT pg_sleep(0.3)' end) end\n"
    local options = without({ folder }, temporary)
    options.output = function(chunk) output = output .. chunk end
    local run = process.start(server.binary(), options)
    loop.wait_until("specs are run", 60, function() return output:find "%.%." end)
    run:signal "int"
    assert.equal(1, (run:wait(30)))
    has(output, "interrupted")
    assert.same({}, process.working_in(temporary))
    assert.equal(0, (process.run("rmdir", { args = { temporary } })))
  end)
end)
