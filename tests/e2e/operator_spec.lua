-- What operators get from their own listener: their page, the outbox, and a token where others can reach it.

local crowd = require "support.crowd"
local database = require "support.database"
local fickle = require "support.fickle"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local TOKEN = "0123456789abcdef0123456789abcdef"
local SIGNED = { ["X-Plateia-Admin"] = "1" }

local function with_token(token, more)
  local headers = { Authorization = "Bearer " .. token }
  for name, value in pairs(more or {}) do headers[name] = value end
  return { headers = headers }
end

describe("the operators' page", function()
  local plateia, public

  setup(function()
    plateia = server.start { database = database.cluster():create "operator" }
    public = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("is at / of their listener, in their language, and may load nothing but its own files", function()
    local page = plateia.admin:get("/", { headers = { ["Accept-Language"] = "pt-BR" } })
    assert.equal(200, page.status)
    assert.equal("text/html; charset=utf-8", page.headers["content-type"])
    assert.truthy(page.body:find('<html lang="pt-BR">', 1, true))
    assert.truthy(plateia.admin:get("/?lang=en").body:find('<html lang="en">', 1, true))
    local policy = page.headers["content-security-policy"]
    assert.truthy(policy:find("default-src 'none'", 1, true))
    assert.truthy(policy:find("trusted-types 'none'", 1, true))
    assert.falsy(policy:find("unsafe", 1, true))
    local count = 0
    for path in page.body:gmatch '"(/assets/%x+/[%w%.]+)"' do
      local file = plateia.admin:get(path)
      assert.equal(200, file.status, path)
      assert.equal("nosniff", file.headers["x-content-type-options"])
      assert.matches("immutable", file.headers["cache-control"])
      count = count + 1
    end
    assert.is_true(count > 10)
  end)

  it("comes once to who has it", function()
    local etag = plateia.admin:get("/").headers.etag
    local again = plateia.admin:get("/", { headers = { ["If-None-Match"] = etag } })
    assert.same({ 304, "" }, { again.status, again.body })
    assert.truthy(again.headers["content-security-policy"])
    assert.equal(405, plateia.admin:post("/").status)
  end)

  it("is nowhere else", function()
    assert.falsy(public:get("/").body:find("dry-run", 1, true))
    assert.equal(404, public:get("/operator").status)
    assert.equal(404, public:get("/outbox").status)
  end)
end)

describe("the outbox, over the operators' listener", function()
  local db, plateia

  setup(function()
    db = database.cluster():create "operator_outbox"
    plateia = server.start { database = db, settings = fickle.scripts(db) }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function list() return plateia.admin:get("/outbox"):json() end
  local function retry(query) return plateia.admin:post("/outbox/retry" .. query, { headers = SIGNED }) end

  -- So many people's notifications are given up.
  local function give_up(name, count)
    fickle.set(db, "refuses")
    local users = crowd.make(db, server.SECRET, name, count)
    db:run(("UPDATE users SET notify_by = 'fickle' WHERE username LIKE '%s%%'"):format(name))
    local client = plateia:client()
    for _, user in ipairs(users) do assert.equal(201, client:post("/vote/1", { token = user.token }).status) end
    loop.wait_until("all are given up", 20, function()
      return db:value "SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL" == count
    end)
  end

  it("is empty first", function()
    assert.same({ most = 100, items = {} }, list())
    assert.same({ due = 0 }, retry("?all=1"):json())
  end)

  it("tells what was given up and why, and has it sent again: one, and all", function()
    give_up("lost", 3)
    local items = list().items
    assert.equal(3, #items)
    for _, item in ipairs(items) do
      assert.same({ "dead", "fickle", 1, "no such bird" },
        { item.state, item.channel, item.attempts, item.last_error })
      assert.matches("^lost%d$", item.recipient)
    end
    fickle.set(db, "works")
    assert.same({ due = 1 }, retry("?key=" .. items[1].key):json())
    loop.wait_until("it is delivered", 20, function() return #list().items == 2 end)
    assert.same({ due = 2 }, retry("?all=1"):json())
    loop.wait_until("all are delivered", 20, function() return #list().items == 0 end)
    assert.equal(3, (select(2, fickle.delivered(plateia:output(), "fickle delivered"))))
  end)

  it("says what it is not asked for in this way", function()
    local none = retry "?key=00000000-0000-0000-0000-000000000000"
    assert.equal(404, none.status)
    assert.matches("no row has the key", none:json().detail)
    assert.equal(400, retry("?key=pigeon").status)
    assert.equal(400, retry("").status)
    assert.equal(403, plateia.admin:post("/outbox/retry?all=1").status)
    assert.equal(405, plateia.admin:get("/outbox/retry").status)
    local rebound = { headers = { Host = "rebound.example:" .. plateia.admin_port } }
    assert.equal(403, plateia.admin:get("/outbox", rebound).status)
  end)

  -- Nobody's web page may ask: its browser asks for leave first, and is given none.
  it("gives no leave to pages from elsewhere", function()
    local answer = plateia.admin:ask("OPTIONS", "/outbox/retry?all=1", { headers = { Origin = "https://evil.example",
      ["Access-Control-Request-Method"] = "POST", ["Access-Control-Request-Headers"] = "x-plateia-admin" } })
    assert.equal(405, answer.status)
    assert.is_nil(answer.headers["access-control-allow-origin"])
  end)

  it("says why it cannot be looked into", function()
    db:run "ALTER TABLE outbox RENAME TO outbox_away"
    local answer = plateia.admin:get "/outbox"
    db:run "ALTER TABLE outbox_away RENAME TO outbox"
    assert.equal(503, answer.status)
    assert.matches("outbox", answer:json().detail)
    assert.equal(200, plateia.admin:get("/live").status)
  end)
end)

-- Operators are heard while the first scripts load, which may take a while.
describe("a server that starts", function()
  it("refuses what it has no queries for yet, and goes on starting", function()
    local scripts = server.scripts_with { ["lib/slow_to_load.lua"] = [[
      local clock = require "plateia.clock"
      local till = clock.monotonic() + 0.7
      while clock.monotonic() < till do end
      return {}]] }
    local app = process.read_file(scripts .. "/app.lua")
    process.write_file(scripts .. "/app.lua", 'require "lib.slow_to_load"\n' .. app)
    local plateia = server.launch { database = database.cluster():create "starting",
      settings = { PLATEIA_SCRIPTS = scripts, PLATEIA_SCRIPT_LOAD_MS = "30000" } }
    loop.wait_until("it hears", 20, function() return plateia.admin:try("GET", "/live") ~= nil end)
    local list = plateia.admin:get "/outbox"
    assert.same({ 503, "the server is starting: try again in a moment" }, { list.status, list:json().detail })
    assert.equal(503, plateia.admin:post("/outbox/retry?all=1", { headers = SIGNED }).status)
    assert.equal(200, plateia.admin:get("/metrics").status)
    plateia:wait_ready()
    assert.equal(200, plateia.admin:get("/outbox").status)
    plateia:stop()
  end)
end)

describe("a listener of operators that others can reach", function()
  local db, plateia

  local function run(command, env)
    local folder = process.temporary_folder "operator"
    local code = process.run("sh", { args = { "-c", '"$@" >' .. folder .. "/out 2>&1", "sh", server.binary(),
      table.unpack(command) }, env = env, seconds = 60 })
    return code, process.read_file(folder .. "/out")
  end

  setup(function()
    db = database.cluster():create "operator_token"
    local port = database.free_port()
    plateia = server.launch { database = db,
      settings = { PLATEIA_ADMIN_TOKEN = TOKEN, PLATEIA_ADMIN_LISTEN = "0.0.0.0:" .. port } }
    plateia.admin_port, plateia.admin = port, http.client(port)
    plateia:wait_ready()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  it("is refused without a token, before anything is started", function()
    local data = process.temporary_folder "data"
    local flags = { "serve", "--admin-listen", "0.0.0.0:0", "--listen", "127.0.0.1:0" }
    local code, text = run(flags, { PLATEIA_DATA = data })
    assert.not_equal(0, code)
    assert.truthy(text:find("PLATEIA_ADMIN_TOKEN", 1, true), text)
    assert.truthy(text:find("openssl rand -hex 32", 1, true), text)
  end)

  it("is refused with a token that is too short, or no token at all, which is not repeated", function()
    for _, token in ipairs { "short", TOKEN .. " and more" } do
      local code, text = run({ "serve", "--admin-listen", "0.0.0.0:0" }, { PLATEIA_ADMIN_TOKEN = token })
      assert.not_equal(0, code)
      assert.truthy(text:lower():find "admin_token")
      assert.falsy(text:find(token, 1, true))
    end
  end)

  it("asks everybody for it, but tells whether it lives, and gives its page", function()
    local admin = plateia.admin
    for _, path in ipairs { "/live", "/ready", "/", "/?lang=pt" } do assert.equal(200, admin:get(path).status, path) end
    for _, path in ipairs { "/scripts", "/outbox", "/import", "/nothing" } do
      local answer = admin:get(path)
      assert.equal(401, answer.status, path)
      assert.matches("^Bearer", answer.headers["www-authenticate"])
      assert.equal(401, admin:get(path, with_token(TOKEN:upper())).status, path)
    end
    for _, path in ipairs { "/scripts", "/outbox", "/import" } do
      assert.equal(200, admin:get(path, with_token(TOKEN, { Host = "plateia.example" })).status, path)
    end
    assert.equal(404, admin:get("/nothing", with_token(TOKEN)).status)
    assert.equal(401, admin:post("/scripts/reload", { headers = SIGNED }).status)
    assert.equal(403, admin:post("/scripts/reload", with_token(TOKEN)).status)
    assert.equal(200, admin:post("/scripts/reload?dry_run=1", with_token(TOKEN, SIGNED)).status)
  end)

  it("is asked with it by the commands", function()
    local env = { DATABASE_URL = db.url, PLATEIA_DATA = plateia.data,
      PLATEIA_ADMIN_LISTEN = "127.0.0.1:" .. plateia.admin_port }
    local code, text = run({ "scripts" }, env)
    assert.equal(1, code)
    assert.truthy(text:find("PLATEIA_ADMIN_TOKEN", 1, true), text)
    env.PLATEIA_ADMIN_TOKEN = TOKEN
    for _, command in ipairs { { "ready" }, { "scripts" }, { "reload", "--dry-run" }, { "reload" } } do
      code, text = run(command, env)
      assert.equal(0, code, command[1] .. ": " .. text)
    end
    code, text = run({ "rollback" }, env) -- asked and understood: there is none to go back to
    assert.equal(1, code)
    assert.matches("not kept", text)
    code, text = run({ "import", "vega" }, env)
    assert.equal(0, code, text)
    assert.truthy(text:find("a running server does the import", 1, true), text)
  end)

  it("shows it to nobody", function()
    local code, text = run({ "settings" }, { PLATEIA_ADMIN_TOKEN = TOKEN })
    assert.equal(0, code)
    assert.falsy(text:find(TOKEN, 1, true))
    assert.falsy(plateia:output():find(TOKEN, 1, true))
  end)
end)
