-- `plateia check`: a good folder passes, and every kind of broken edit is told by file, line and reason. The same
-- checks stand before a reload.

local database = require "support.database"
local process = require "support.process"
local server = require "support.server"

local db

local function check(env, ...)
  return process.run(server.binary(), { args = { "check", ... }, env = env })
end

local function copy(folder)
  local to = process.temporary_folder(folder)
  local code, text = process.run("cp", { args = { "-r", folder .. "/.", to } })
  assert(code == 0, text)
  return to
end

-- What an edit makes of a text: `wanted` stands there, once, and becomes `by`.
local function swap(wanted, by)
  return function(text)
    local first, last = text:find(wanted, 1, true)
    assert(first and not text:find(wanted, last + 1, true), "not once in the file: " .. wanted)
    return text:sub(1, first - 1) .. by .. text:sub(last + 1)
  end
end

-- A text is written, a function changes what is there, false removes the file.
local function edit(folder, changes)
  for name, change in pairs(changes) do
    local path = folder .. "/" .. name
    if change == false then
      assert(os.remove(path))
    else
      process.write_file(path, type(change) == "string" and change or change(process.read_file(path)))
    end
  end
  return folder
end

-- Name of the case -> what is edited, and how the message begins behind the folder, and what else is in its line.
local broken = {
  ["a syntax error"] = { { ["routes/me.lua"] = "local route = require 'plateia.route'\n\nlocal x = = 1\n" },
    "routes/me.lua:3: ", "unexpected symbol near '='" },
  ["an error at load"] = { { ["lib/votes.lua"] = "local x\n\n\nlocal y = x.z\nreturn {}\n" },
    "lib/votes.lua:4: ", "attempt to index a nil value" },
  ["a syntax error that nobody requires"] = { { ["lib/alone.lua"] = "\nreturn }" },
    "lib/alone.lua:2: ", "unexpected symbol near '}'" },
  ["a loop at load"] = { { ["lib/votes.lua"] = "local n = 0\nwhile true do n = n + 1 end\n" },
    "lib/votes.lua:2: ", "loading takes longer than" },
  ["a memory bomb at load"] = { { ["lib/votes.lua"] =
    "local s = 'x'\nwhile true do s = s .. s end\n" }, "lib/votes.lua:1: ", "more memory" },
  ["an error raised without a place"] = { { ["lib/votes.lua"] = "local x\nerror('not today', 0)\nreturn {}\n" },
    "lib/votes.lua:3: ", "not today" },
  ["a missing file"] = { { ["lib/votes.lua"] = false }, "", "there is no module \"lib.votes\"" },
  ["a required file that never was"] = { { ["routes/me.lua"] = "local a = 1\nlocal b = require 'lib.nothing'\n" },
    "routes/me.lua:2: ", "there is no module \"lib.nothing\"" },
  ["no app.lua"] = { { ["app.lua"] = false }, "app.lua:1: ", "the file is missing" },
  ["an empty file"] = { { ["routes/me.lua"] = "" }, "routes/me.lua:1: ", "the file is empty" },
  ["a file that returns nothing"] = { { ["routes/me.lua"] = "local x = 1\n" },
    "routes/me.lua:1: ", "the file returns nothing" },
  ["a file that returns no declaration"] = { { ["routes/me.lua"] = "local x = 1\nreturn x" },
    "routes/me.lua:2: ", "returns a number, not a declaration" },
  ["what is no route"] = { { ["routes/me.lua"] = "\n\n\nreturn { { path = '/me' } }" },
    "routes/me.lua:4: ", "is no declaration of plateia.route" },
  ["a lost route"] = { { ["routes/vote.lua"] = false },
    "app.lua:25: ", "required: there is no route POST /vote/{movie_id}" },
  ["a lost route among its like"] = { { ["routes/me.lua"] = swap('"/me" {', '"/myself" {') },
    "app.lua:19: ", "required: there is no route GET /me" },
  ["a lost guard"] = { { ["routes/vote.lua"] = swap("  depends = { user = signed_in },\n", "") },
    "routes/vote.lua:5: ", 'app.lua requires the security "bearer"' },
  ["a depend that guards no more"] = { { ["depends/signed_in.lua"] = swap(' security = "bearer",', "") },
    "routes/me.lua:12: ", 'app.lua requires the security "bearer"' },
  ["a duplicate route"] = { { ["routes/zz.lua"] = [[
local route, field = require "plateia.route", require "plateia.field"

return route.post "/vote/{id}" {
  path = { id = field.integer {} },
  answers = { [200] = { id = field.integer {} } },
  handler = function() return { id = 1 } end,
}]] }, "routes/zz.lua:3: ", "POST /vote/{id}: stands already at " },
  ["a misspelt key of a route"] = { { ["routes/vote.lua"] = swap("summary =", "sumary =") },
    "routes/vote.lua:5: ", 'there is no key "sumary"' },
  ["a misspelt bound of a field"] = { { ["routes/vote.lua"] = swap("min = 1", "mim = 1") },
    "routes/vote.lua:8: ", 'there is no key "mim"' },
  ["a template that is none"] = { { ["routes/vote.lua"] = swap('"/vote/{movie_id}" {', '"/vote/{movie id}" {') },
    "routes/vote.lua:5: ", "" },
  ["a query that nobody wrote"] = { { ["routes/vote.lua"] = swap('local votes = require "lib.votes"',
    'local votes = require "lib.votes"\nlocal no = require("plateia.db").one "nobody_wrote"') },
    "routes/vote.lua:4: ", 'there is no query "nobody_wrote"' },
  ["a misspelt key of a depend"] = { { ["depends/signed_in.lua"] =
    'return require "plateia.depend" { name = "signed_in", sekurity = "bearer", resolve = print }\n' },
    "depends/signed_in.lua:1: ", 'there is no key "sekurity"' },
  ["an observer of no event"] = { { ["observers/ranking.lua"] = swap('on = "vote.cast"', 'on = "vote.kast"') },
    "observers/ranking.lua:8: ", 'there is no event "vote.kast"' },
  ["an observer that does nothing"] = { { ["observers/ranking.lua"] = "local x\nreturn { on = 'vote.cast' }" },
    "observers/ranking.lua:2: ", "an observer is a table with a function run" },
  ["a cached answer dropped by no event"] = { { ["routes/top.lua"] = swap('"ranking.changed"', '"ranking.change"') },
    "routes/top.lua:4: ", 'drop_on: there is no event "ranking.change"' },
  ["an event of no kind"] = { { ["events.lua"] = swap('version = "integer"', 'version = "whole"') },
    "events.lua:12: ", "version has no kind that we know" },
  ["a sample that no longer translates"] = { { ["adapters/vega.lua"] = swap('title = "Title"', 'title = "Titel"') },
    "adapters/vega.lua:9: ", "adapter vega: its sample has no title" },
  ["a sample that becomes something else"] = { { ["adapters/vega.lua"] = swap("local NEWEST = 2011",
    "local NEWEST = 2050") }, "adapters/vega.lua:9: ", "adapter vega: its sample's year became 2046, not 1946" },
  ["a channel that cannot send"] = { { ["notifications/owl.lua"] =
    "-- an owl\nreturn { name = 'owl', check = function() return true end }\n" },
    "notifications/owl.lua:2: ", "send is missing, a function" },
  ["a channel of a taken name"] = { { ["notifications/owl.lua"] =
    "\nreturn { name = 'log', check = function() return true end, send = print }\n" },
    "notifications/owl.lua:2: ", 'the name "log" is taken' },
}

local broken_queries = {
  ["a query of a column that is not there"] = { { ["movie_by_id.sql"] = swap("title, year", "title, yeer") },
    "movie_by_id.sql:3: ", 'column "yeer" does not exist' },
  ["a query of a table that is not there"] = { { ["movie_by_id.sql"] = swap("FROM movies", "FROM films") },
    "movie_by_id.sql:4: ", 'relation "films" does not exist' },
  ["a batch that does not number its rows"] = { { ["cast_vote.sql"] =
    "-- class: batch\n-- params: a bigint, b bigint\nSELECT a FROM unnest($1, $2) AS t (a, b)\n" },
    "cast_vote.sql:3: ", "a batch returns one row for each call" },
  ["a query without a class"] = { { ["zz.sql"] = "SELECT 1\n" }, "zz.sql:1: ", "class: read|lease|batch" },
}

describe("plateia check", function()
  local env

  setup(function()
    db = database.cluster():create "checks"
    env = { DATABASE_URL = db.url, PLATEIA_DATA = process.temporary_folder "data" }
    local code, text = process.run(server.binary(), { args = { "migrate" }, env = env })
    assert(code == 0, text)
  end)

  it("passes what is served", function()
    local code, text = check(env)
    assert.equal(0, code, text)
    assert.matches("^scripts: fine, %d+ files, %d+ queries\n$", text)
  end)

  it("passes a folder of that name, with new files in it", function()
    local folder = edit(copy "scripts", { ["notifications/owl.lua"] =
      "return { name = 'owl', check = function() return true end, send = function() return true end }\n" })
    local code, text = check(env, folder .. "/")
    assert.equal(0, code, text)
    local files = text:match("^" .. folder:gsub("%p", "%%%0") .. ": fine, (%d+) files")
    assert.equal(check(env) and select(2, check(env)):match "(%d+) files" + 1, files + 0)
  end)

  for name, case in pairs(broken) do
    it("tells of " .. name, function()
      local folder = edit(copy "scripts", case[1])
      local code, text = check(env, folder)
      assert.equal(1, code, text)
      local line = text:match "^[^\n]*"
      assert.equal(folder .. "/" .. case[2], line:sub(1, #folder + 1 + #case[2]))
      assert.truthy(line:find(case[3], 1, true), line)
      assert.truthy(line:sub(#folder + 1):find "^/[%w/_]+%.lua:%d+: ", line)
    end)
  end

  for name, case in pairs(broken_queries) do
    it("tells of " .. name, function()
      local sql = copy "sql"
      edit(sql .. "/queries", case[1])
      local code, text = check({ DATABASE_URL = db.url, PLATEIA_SQL = sql })
      assert.equal(1, code, text)
      local place = sql .. "/queries/" .. case[2]
      assert.equal(place, text:sub(1, #place))
      assert.truthy(text:find(case[3], 1, true), text)
    end)
  end

  it("says so where the database cannot be asked", function()
    local code, text = check { DATABASE_URL = "postgresql://nobody@127.0.0.1:1/none" }
    assert.equal(1, code)
    assert.matches("the queries could not be checked: cannot connect to the database", text)
    assert.matches("DATABASE_URL", text)
  end)

  it("is told a folder, and nothing else", function()
    assert.equal(2, (check(env, "--dry-run")))
    assert.equal(2, (check(env, "scripts", "sql")))
    local code, text = check(env, "no/such/folder")
    assert.equal(1, code)
    assert.matches("no/such/folder.*No such file", text)
  end)

  it("changes nothing in the database", function()
    local digest = "SELECT (SELECT count(*) FROM movies) || ' ' || count(*) FROM pg_class"
    local before = db:value(digest)
    assert.equal(0, (check(env)))
    assert.equal(before, db:value(digest))
  end)
end)

describe("plateia check without a database", function()
  it("makes one, and leaves nothing behind", function()
    local temporary, data = process.temporary_folder "check", process.temporary_folder "data"
    local code, text = check { TMPDIR = temporary, PLATEIA_DATA = data }
    assert.equal(0, code, text)
    assert.matches("^scripts: fine, ", text)
    assert.same({}, process.working_in(temporary))
    assert.equal(0, (process.run("rmdir", { args = { temporary, data } }))) -- which only empty folders suffer
  end)

  it("asks that of the server that runs on the data folder", function()
    local plateia = server.start()
    local temporary = process.temporary_folder "check"
    local code, text = check { TMPDIR = temporary .. "/nowhere", PLATEIA_DATA = plateia.data }
    assert.equal(0, code, text)
    plateia:stop()
  end)
end)
