-- The embedded default: what somebody sees who has nothing but the binary and a folder.

local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

describe("a server without a database", function()
  local plateia

  setup(function() plateia = server.start() end)
  teardown(function() if plateia then plateia:stop() end end)

  it("says where it listens", function()
    assert.truthy(plateia:output():find("127.0.0.1:" .. plateia.port, 1, true))
    assert.truthy(plateia:output():find(tostring(plateia.admin_port), 1, true))
  end)

  it("is live and ready", function()
    local live = plateia.admin:get "/live"
    assert.equal(200, live.status)
    assert.same({ status = "live" }, live:json())
    assert.same({ status = "ready" }, plateia.admin:get("/ready"):json())
  end)

  it("answers its admin listener under local names only", function()
    local answer = plateia.admin:get("/live", { headers = { Host = "rebound.example:" .. plateia.admin_port } })
    assert.equal(403, answer.status)
    assert.equal(404, plateia.admin:get("/nothing").status)
    assert.equal(405, plateia.admin:post("/live").status)
  end)

  it("has the bundled catalogue", function()
    local page = plateia:client():get("/movies?limit=1"):json()
    assert.equal(1, #page.items)
    assert.not_equal(http.null, page.next)
  end)

  it("keeps its folder to itself", function()
    local second = server.launch { data = plateia.data, settings = { PLATEIA_WORKERS = "1" } }
    local code = second.process:wait(30)
    assert.not_equal(0, code)
    assert.equal(200, plateia.admin:get("/ready").status)
    assert.equal(200, plateia:client():get("/movies?limit=1").status)
  end)
end)

describe("a server that ends", function()
  it("exits with 0, leaves nothing running, and finds everything again", function()
    local first = server.start()
    local account = { username = "ana", password = "correct horse battery" }
    assert.equal(201, first:client():post("/signup", { json = account }).status)
    assert.is_true(#process.working_in(first.data) > 0)
    first:stop()
    assert.same({}, process.working_in(first.data))

    local second = server.start { data = first.data }
    assert.equal(409, second:client():post("/signup", { json = account }).status)
    second:stop()
  end)

  -- In a container that starts again on its volume, old files name processes that live again as others.
  it("finds everything again where process ids repeat", function()
    if not server.can_contain() then return pending "no process id namespaces may be made here" end
    local data = process.temporary_folder "data"
    for _ = 1, 4 do
      local plateia = server.start { data = data, contained = true }
      assert.equal(200, plateia:client():get("/movies?limit=1").status)
      plateia.process:signal "kill"
      plateia.process:wait(10)
      plateia:check_output()
    end
  end)

  it("finishes what it has begun", function()
    local plateia = server.start()
    local answers = {}
    for i = 1, 8 do -- each hash takes tens of milliseconds, one after the other
      answers[i] = loop.go(function()
        local account = { username = "user" .. i, password = "a long enough one" }
        return plateia:client():try("POST", "/signup", { json = account })
      end)
    end
    loop.sleep(0.05)
    plateia.process:signal "term"
    for i = 1, 8 do
      local answer, why = answers[i]:join()
      assert.equal(201, answer and answer.status or why)
    end
    plateia:stop()
  end)
end)

describe("a start that cannot be", function()
  local function run(args, env)
    env = env or {}
    env.PLATEIA_DATA = process.temporary_folder "data"
    return process.run(server.binary(), { args = args, env = env, seconds = 30 })
  end

  it("is refused for an unknown command, naming the help", function()
    local code, text = run { "sreve" }
    assert.equal(2, code)
    assert.truthy(text:find "sreve")
  end)

  it("is refused for an unknown flag, naming the nearest", function()
    local code, text = run { "serve", "--worker", "2" }
    assert.not_equal(0, code)
    assert.truthy(text:find("workers", 1, true))
  end)

  it("is refused for a secret that is too short, without repeating it", function()
    local code, text = run({ "serve" }, { PLATEIA_JWT_SECRET = "tooshort" })
    assert.not_equal(0, code)
    assert.truthy(text:find "32")
    assert.falsy(text:find "tooshort")
  end)

  it("is refused for a port that is taken, naming it", function()
    local plateia = server.start()
    local code, text = run({ "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:" .. plateia.admin_port })
    assert.not_equal(0, code)
    assert.truthy(text:find(tostring(plateia.admin_port), 1, true))
    plateia:stop()
  end)
end)

describe("a database that is not there yet", function()
  it("is waited for", function()
    local cluster = database.start()
    local db = cluster:create "late"
    cluster:stop "fast"
    local plateia = server.launch { database = db }
    loop.wait_until("it says that it waits", 10, function() return plateia:output():find "waiting for the database" end)
    assert.is_true(plateia.process:running())
    cluster:start()
    plateia:wait_ready()
    assert.equal(200, plateia:client():get("/movies?limit=1").status)
    plateia:stop()
    cluster:stop "fast"
  end)

  it("does not keep an operator from ending the server", function()
    local plateia = server.launch { database = { url = "postgresql://nobody@127.0.0.1:1/nothing" } }
    loop.wait_until("it says that it waits", 10, function() return plateia:output():find "waiting for the database" end)
    plateia.process:signal "term"
    plateia.process:wait(5)
    plateia:check_output()
  end)
end)
