-- Going back to a backup, as README ("Operations") tells it.

local database = require "support.database"
local process = require "support.process"
local server = require "support.server"

local function run(program, ...)
  local code, text = process.run(program, { args = { ... }, seconds = 60 })
  assert(code == 0, program .. ": " .. text)
end

describe("a backup", function()
  local db, plateia

  setup(function()
    db = database.cluster():create "backup"
    plateia = server.start { database = db }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("is taken while the server runs, and holds all of it", function()
    local client = plateia:client()
    local account = { username = "keeper", password = "correct horse" }
    assert.equal(201, client:post("/signup", { json = account }).status)
    local token = client:post("/token", { form = account }):json().access_token
    assert.equal(201, client:post("/vote/7", { token = token }).status)
    local dump = process.temporary_folder "backup" .. "/plateia.dump"
    run("pg_dump", "-Fc", "-f", dump, db.url)
    client:close()
    plateia:stop()

    db:run "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
    run("pg_restore", "--exit-on-error", "-d", db.url, dump)
    plateia = server.start { database = db }
    client = plateia:client()
    local mine = client:get("/me/votes", { token = token }):json()
    assert.same({ 7, 1 }, { mine.items[1].movie_id, #mine.items })
    assert.equal(409, client:post("/vote/8", { token = token }).status)
    assert.equal(7, client:get("/movies/top"):json().items[1].id)
  end)

  -- The automatic one has no search path, as pg_restore has none.
  it("is not all that keeps the films in order: vacuum reaches every index", function()
    db:run "SET search_path = ''; ANALYZE public.movies; REINDEX TABLE public.movies"
    assert.equal(0, db:value "SELECT count(*) FROM pg_index WHERE NOT indisvalid")
  end)
end)
