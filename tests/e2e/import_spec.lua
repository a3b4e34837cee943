-- `plateia import`: beside a running server, without one, and interrupted.

local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

-- A file of vega's form with `count` films that no other catalogue has.
local function made_up(count)
  local records = {}
  for i = 1, count do
    records[i] = ('{"Title":"Made up %d","Release Date":"Jun 12 1998","Major Genre":"Drama",'
      .. '"Running Time min":90,"Director":null}'):format(i)
  end
  return "[" .. table.concat(records, ",\n") .. "]"
end

local function written(text)
  local path = process.temporary_folder "file" .. "/films.json"
  process.write_file(path, text)
  return path
end

-- The environment in which a command finds that server's database, and its admin listener unless `elsewhere`.
local function beside(plateia, db, elsewhere)
  return { PLATEIA_DATA = plateia.data, DATABASE_URL = db and db.url, PLATEIA_JWT_SECRET = server.SECRET,
    PLATEIA_ADMIN_LISTEN = elsewhere or "127.0.0.1:" .. plateia.admin_port, PLATEIA_WORKERS = "1" }
end

local function import(env, ...)
  return process.run(server.binary(), { args = { "import", ... }, env = env })
end

local function begin(plateia, adapter, body)
  return plateia.admin:post("/import?adapter=" .. adapter, { body = body, headers = { ["X-Plateia-Admin"] = "1" } })
end

local function state_of(plateia)
  return plateia.admin:get("/import"):json()
end

describe("an import into a running server", function()
  local db, plateia

  setup(function()
    db = database.cluster():create "import"
    plateia = server.start { database = db }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function films() return db:value "SELECT count(*) FROM movies" end

  it("is done by that server, and the command shows its report", function()
    local before = films()
    local code, text = import(beside(plateia, db), "wikidata")
    assert.equal(0, code, text)
    assert.truthy(text:find("a running server does the import", 1, true))
    local added, met = text:match "wikidata: (%d+) films added, (%d+) met from other catalogues, 0 changed, 0 unchanged"
    assert.equal(97, added + met)
    assert.is_true(met + 0 >= 40)
    assert.equal(before + added, films())
    assert.equal(97, db:value "SELECT count(*) FROM movie_sources WHERE source = 'wikidata'")
    assert.truthy(plateia:output():find("catalogue imported", 1, true))
  end)

  it("changes nothing a second time, of either catalogue", function()
    local digest = "SELECT md5(string_agg(movies::text, ',' ORDER BY id)) FROM movies"
    local before = db:value(digest)
    for adapter, count in pairs { vega = 3200, wikidata = 97 } do
      local code, text = import(beside(plateia, db), adapter)
      assert.equal(0, code, text)
      assert.truthy(text:find(adapter .. ": 0 films added, 0 met from other catalogues, 0 changed, " .. count
        .. " unchanged", 1, true), text)
    end
    assert.equal(before, db:value(digest))
  end)

  it("joins a film that both have, and shows it once", function()
    local items = plateia:client():get("/movies?search=blade+runner"):json().items
    local found = {}
    for _, film in ipairs(items) do if film.title == "Blade Runner" then found[#found + 1] = film end end
    assert.equal(1, #found)
    assert.same({ { "vega" }, { "wikidata" } },
      db:rows("SELECT source FROM movie_sources WHERE movie_id = " .. found[1].id .. " ORDER BY source"))
    assert.equal(117, found[1].minutes) -- which the bundled films do not know
  end)

  it("tells of each refused record by place, key and reason", function()
    local file = written('[{"Title":"Kept one","Release Date":"Jun 12 1998"},{"Title":"","Release Date":null},'
      .. '{"Title":"Kept one","Release Date":"Jun 12 1998"},{"Title":"Long","Running Time min":7000}]')
    local code, text = import(beside(plateia, db), "vega", file)
    assert.equal(0, code, text)
    assert.truthy(text:find("vega: 1 film added, 0 met from other catalogues, 0 changed, 0 unchanged, "
      .. "3 records refused\n  record 2 has no title\n  record 3 (Kept one (Jun 12 1998)) has the key of record 1\n"
      .. "  record 4 (Long (no date)) does not fit: its minutes is not from 1 to 6000\n", 1, true), text)
  end)

  it("ends with 1 and the reason for what is no import", function()
    for _, case in ipairs { { "nothing", nil, "there is no adapter" }, { "vega", written "[1", "record 1 is no JSON" },
      { "vega", written "[]\0", "NUL" }, { "vega", "/no/such/file", "No such file" } } do
      local code, text = import(beside(plateia, db), case[1], case[2])
      assert.equal(1, code)
      assert.truthy(text:find(case[3], 1, true), text)
    end
    assert.equal(400, begin(plateia, "vega", "[]\0").status)
  end)

  it("is one at a time", function()
    local records = made_up(3000)
    local first = begin(plateia, "vega", records)
    assert.equal(202, first.status)
    local second = begin(plateia, "wikidata")
    assert.equal(409, second.status)
    assert.matches("one at a time", second:json().detail)
    local state = loop.wait_until("it is done", 60, function()
      local now = state_of(plateia)
      return now.state ~= "running" and now
    end)
    assert.equal("done", state.state)
    assert.equal(first:json().number, state.number)
    assert.equal(#records, state.done)
    assert.matches("^vega: 3000 films added", state.report)
  end)

  it("lets others be served meanwhile", function()
    local client, slowest, answers = plateia:client(), 0, 0
    assert.equal(202, begin(plateia, "vega", (made_up(4000):gsub("Made up", "Served"))).status)
    while state_of(plateia).state == "running" do
      local began = loop.now()
      assert.equal(200, client:get("/movies?limit=1").status)
      slowest, answers = math.max(slowest, loop.now() - began), answers + 1
    end
    assert.equal("done", state_of(plateia).state)
    assert.is_true(answers >= 10)
    assert.is_true(slowest < 0.5, slowest) -- of seconds of work; sanitizers and a busy machine included
  end)

  it("is not handed to a server of another database", function()
    local other = database.cluster():create "import_other"
    local code, text = import({ DATABASE_URL = other.url, PLATEIA_JWT_SECRET = server.SECRET, PLATEIA_WORKERS = "1",
      PLATEIA_ADMIN_LISTEN = "127.0.0.1:" .. plateia.admin_port }, "wikidata")
    assert.equal(0, code, text)
    assert.falsy(text:find("a running server", 1, true))
    assert.matches("wikidata: 97 films added", text)
    assert.equal(97, other:value "SELECT count(*) FROM movies")
  end)
end)

describe("an import that is interrupted", function()
  it("is safe to repeat: what came in stays, the rest is added, nothing twice", function()
    local db = database.cluster():create "import_killed"
    local count = "SELECT count(*) FROM movies WHERE title LIKE 'Made up %'"
    local plateia = server.start { database = db }
    local file = written(made_up(8000))
    local command = process.start(server.binary(), { args = { "import", "vega", file }, env = beside(plateia, db),
      log = plateia.data .. "/import.log" })
    loop.wait_until("some of it is in", 60, function() return db:value(count) > 300 end)
    plateia:kill()
    assert.equal(1, command:wait(30))
    assert.truthy(command:output():find("safe to repeat", 1, true))
    local kept = db:value(count)
    assert.is_true(kept > 300 and kept < 8000, kept)

    plateia = server.start { database = db }
    local code, text = import(beside(plateia, db), "vega", file)
    assert.equal(0, code, text)
    local added, unchanged = text:match "vega: (%d+) films added, 0 met .* 0 changed, (%d+) unchanged"
    assert.equal(8000, added + unchanged)
    assert.is_true(unchanged + 0 >= kept)
    assert.equal(8000, db:value(count))
    plateia:stop()
  end)
end)

describe("an import on an embedded database", function()
  it("finds the server by its folder alone, and does without one", function()
    local plateia = server.start()
    local code, text = import(beside(plateia, nil, "127.0.0.1:1"), "wikidata")
    assert.equal(0, code, text)
    assert.truthy(text:find("a running server does the import", 1, true), text)
    plateia:stop()
    code, text = import(beside(plateia), "wikidata")
    assert.equal(0, code, text)
    assert.falsy(text:find("a running server", 1, true))
    assert.matches("0 films added, 0 met from other catalogues, 0 changed, 97 unchanged", text)
    assert.same({}, process.working_in(plateia.data))
  end)
end)
