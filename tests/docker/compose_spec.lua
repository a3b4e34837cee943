-- The image and docker-compose.yml, built and run on a real engine: ./dev docker.
--
-- Everything is in a Compose project of its own, with secrets and a port of its own, and is taken down at the end.

local uv = require "luv"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"

local IMAGE = "plateia"
local PROJECT = "plateia-test-" .. uv.os_getpid()
local USER = "10001"

local secrets = process.temporary_folder "secrets"
local port = database.free_port()

local environment = { DOCKER_HOST = os.getenv "DOCKER_HOST", PLATEIA_PORT = tostring(port), PLATEIA_SECRETS = secrets }

-- Runs a program; returns its exit code and what it printed.
local function run(program, ...)
  return process.run(program, { args = { ... }, env = environment, seconds = 120 })
end

-- Runs `docker ...`; returns what it printed, raises where it fails.
local function docker(...)
  local code, text = run("docker", ...)
  if code ~= 0 then error(("docker %s: %s"):format(table.concat({ ... }, " "), text), 2) end
  return (text:gsub("%s+$", ""))
end

-- The same for Compose, which is `docker-compose` or `docker compose`.
local function compose(...)
  local words = {}
  for word in (os.getenv "PLATEIA_COMPOSE" or "docker-compose"):gmatch "%S+" do words[#words + 1] = word end
  for _, word in ipairs { "-p", PROJECT, ... } do words[#words + 1] = word end
  local code, text = run(table.unpack(words))
  if code ~= 0 then error(table.concat(words, " ") .. ": " .. text, 2) end
  return (text:gsub("%s+$", ""))
end

local function container(service)
  return compose("ps", "-q", service)
end

local function inspect(id, format)
  return docker("inspect", "--format", format, id)
end

local function inside(...)
  return run("docker", "exec", container "plateia", ...)
end

local function wait_healthy()
  local id = container "plateia"
  loop.wait_until("the server is healthy", 90, function()
    local health = inspect(id, "{{.State.Health.Status}}")
    return health == "healthy", health .. "\n" .. select(2, run("docker", "logs", "--tail", "5", id))
  end)
end

describe("the image", function()
  it("is small and says what it is", function()
    local size = tonumber(docker("image", "inspect", "--format", "{{.Size}}", IMAGE))
    local base_known, base = run("docker", "image", "inspect", "--format", "{{.Size}}", "debian:bookworm-slim")
    local added = base_known == 0 and size - tonumber(base)
    local ours = added and (", %.0f MB of it ours"):format(added / 1e6) or ""
    print(("     image size: %.0f MB%s"):format(size / 1e6, ours))
    assert.is_true(size < 300e6)
    if added then assert.is_true(added < 40e6) end
    local label = '{{index .Config.Labels "org.opencontainers.image.title"}}'
    assert.equal("Plateia", docker("image", "inspect", "--format", label, IMAGE))
    assert.equal("SIGTERM", docker("image", "inspect", "--format", "{{.Config.StopSignal}}", IMAGE))
    assert.equal(USER .. ":" .. USER, docker("image", "inspect", "--format", "{{.Config.User}}", IMAGE))
  end)

  it("says what is missing where it is run alone", function()
    local code, text = run("docker", "run", "--rm", IMAGE)
    assert.equal(1, code)
    assert.truthy(text:find("DATABASE_URL", 1, true))
    code, text = run("docker", "run", "--rm", "-e", "DATABASE_URL=postgresql://nobody@127.0.0.1:1/none", IMAGE,
      "settings")
    assert.equal(0, code)
    assert.truthy(text:find("postgresql://nobody@127.0.0.1:1/none", 1, true))
  end)
end)

describe("docker-compose.yml", function()
  local token

  setup(function()
    local code, text = process.run("packaging/make-secrets", { args = { secrets } })
    assert(code == 0, text)
    compose("up", "-d", "--no-build")
    wait_healthy()
  end)

  teardown(function()
    compose("down", "-v", "--remove-orphans", "-t", "3")
  end)

  it("serves: the page, sign up, sign in, vote", function()
    local client = http.client(port)
    assert.equal("text/html; charset=utf-8", client:get("/").headers["content-type"])
    local account = { username = "ana", password = "correct horse battery" }
    assert.equal(201, client:post("/signup", { json = account }).status)
    token = client:post("/token", { form = account }):json().access_token
    assert.equal(201, client:post("/vote/1", { token = token }).status)
    assert.equal(409, client:post("/vote/2", { token = token }).status)
    client:close()
  end)

  -- Little grace: the vote must survive a database that is killed as well.
  it("keeps the vote when both are started anew", function()
    compose("restart", "-t", "3")
    wait_healthy()
    local client = http.client(port, { token = token })
    local votes = client:get("/me/votes"):json()
    assert.equal(1, #votes.items)
    assert.equal(1, votes.items[1].movie_id)
    assert.equal(409, client:post("/vote/2").status)
    assert.equal(1, client:get("/movies/top?period=current"):json().items[1].votes)
    client:close()
  end)

  it("runs as nobody in particular, and can write nowhere", function()
    local _, id = inside("id", "-u")
    assert.equal(USER, (id:gsub("%s", "")))
    local _, status = inside("cat", "/proc/1/status")
    assert.equal(("0"):rep(16), status:match "CapEff:%s*(%x+)")
    assert.equal("1", status:match "NoNewPrivs:%s*(%d)")
    assert.equal("plateia", status:match "Name:%s*(%S+)")
    for _, path in ipairs { "/x", "/plateia/scripts/x", "/plateia/sql/queries/x", "/usr/local/bin/x" } do
      local code, why = inside("touch", path)
      assert.not_equal(0, code)
      assert.truthy(why:find("Read-only file system", 1, true))
    end
    assert.equal("true", inspect(container "plateia", "{{.HostConfig.ReadonlyRootfs}}"))
  end)

  it("shows operators' answers inside only", function()
    local code, text = inside("plateia", "ready")
    assert.equal(0, code)
    assert.truthy(text:find("ready", 1, true))
    local address = inspect(container "plateia", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    local conn, why = http.connect(9180, 5, address)
    assert.is_nil(conn)
    assert.equal("ECONNREFUSED", why)
  end)

  it("shows no secret in its settings or its environment", function()
    local password = process.read_file(secrets .. "/database_password")
    local _, settings = inside("plateia", "settings")
    assert.truthy(settings:find("postgresql://plateia:***@postgres", 1, true))
    assert.falsy(settings:find(password, 1, true))
    assert.falsy(inspect(container "plateia", "{{json .}}"):find(password, 1, true))
  end)

  -- Clients talk to the container itself, as the engine's own proxy would accept for a server that is gone.
  it("answers all that was asked when it is stopped under load", function()
    local id = container "plateia"
    local address = inspect(id, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    local answered, lost = 0, {}
    local search = ("GET /movies?limit=20&search=a HTTP/1.1\r\nHost: %s\r\n\r\n"):format(address)
    local form = "username=ana&password=not+hers" -- hashing takes a while
    local sign_in = ("POST /token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      .. "Content-Length: %d\r\n\r\n%s"):format(address, #form, form)
    local function ask(conn, bytes)
      local sent, why = conn:send(bytes)
      local answer
      if sent then answer, why = conn:answer() end
      if answer and answer.status < 500 then answered = answered + 1
      else lost[#lost + 1] = answer and answer.status or why end
    end
    -- Half of them keep their connection, half make one for each request; a connection refused ends a client.
    local function client(number)
      while true do
        local conn = http.connect(8080, 5, address)
        if not conn then return end
        repeat
          ask(conn, number > 6 and sign_in or search)
          loop.sleep(0.01)
        until conn.ended or number % 2 == 0
        conn:close()
      end
    end
    local clients = {}
    for number = 1, 8 do clients[number] = loop.go(function() client(number) end) end
    loop.wait_until("there is load", 10, function() return answered > 200 end)
    local began = loop.now()
    docker("stop", "-t", "10", id)
    local took = loop.now() - began
    for _, each in ipairs(clients) do each:join(20) end
    print(("     %d answered, %d lost; stopped in %.1f s"):format(answered, #lost, took))
    assert.same({}, lost)
    assert.is_true(took < 9)
    assert.equal("0 false", inspect(id, "{{.State.ExitCode}} {{.State.OOMKilled}}"))
    assert.truthy(select(2, run("docker", "logs", "--tail", "3", id)):find('"stopped"', 1, true))
  end)
end)
