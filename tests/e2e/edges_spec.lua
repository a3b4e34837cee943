-- What every connection and every answer is held to: security headers, CORS, addresses behind proxies, limits.

local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local server = require "support.server"

describe("the edges", function()
  local plateia, client

  local function start(settings)
    plateia = server.start { database = database.cluster():create "edges", settings = settings }
    client = plateia:client()
  end
  after_each(function() if plateia then plateia:stop() end end)

  it("say of every answer that it is data and nothing else", function()
    start()
    for _, target in ipairs { "/movies/1", "/nowhere", "/movies/top", "/movies/%zz" } do
      local headers = client:get(target).headers
      assert.equal("nosniff", headers["x-content-type-options"], target)
      assert.equal("no-referrer", headers["referrer-policy"], target)
      assert.equal("default-src 'none'; frame-ancestors 'none'", headers["content-security-policy"], target)
      assert.equal("same-origin", headers["cross-origin-resource-policy"], target)
      assert.is_nil(headers["access-control-allow-origin"], target)
    end
    local refused = http.raw(plateia.port, "GET / HTTP/1.1\r\n\r\n")
    assert.equal(400, refused.status)
    assert.equal("nosniff", refused.headers["x-content-type-options"])
  end)

  it("let pages of listed origins ask", function()
    start { PLATEIA_CORS_ORIGINS = "https://a.example" }
    local preflight = client:ask("OPTIONS", "/vote/1", { headers = { Origin = "https://a.example",
      ["Access-Control-Request-Method"] = "POST", ["Access-Control-Request-Headers"] = "authorization" } })
    assert.equal(204, preflight.status)
    assert.equal("https://a.example", preflight.headers["access-control-allow-origin"])
    assert.matches("POST", preflight.headers["access-control-allow-methods"])
    assert.matches("Authorization", preflight.headers["access-control-allow-headers"])
    assert.equal("Origin", preflight.headers.vary)

    local answer = client:get("/movies/1", { headers = { Origin = "https://a.example" } })
    assert.equal(200, answer.status)
    assert.equal("https://a.example", answer.headers["access-control-allow-origin"])
    local stranger = client:get("/movies/1", { headers = { Origin = "https://b.example" } })
    assert.equal(200, stranger.status)
    assert.is_nil(stranger.headers["access-control-allow-origin"])
    assert.equal("Origin", stranger.headers.vary)
  end)

  it("limit guesses at passwords by account and by address, which a trusted proxy names", function()
    start { PLATEIA_TRUSTED_PROXIES = "127.0.0.0/8", PLATEIA_THROTTLE_SIGN_IN = "3",
      PLATEIA_THROTTLE_SIGN_IN_ADDRESS = "5", PLATEIA_THROTTLE_SIGN_UP = "2" }
    local function guess(from, name)
      return client:post("/token", { form = { username = name, password = "a guess" },
        headers = { ["X-Forwarded-For"] = from } })
    end
    for left = 2, 0, -1 do
      local answer = guess("192.0.2.1", "victim")
      assert.equal(401, answer.status)
      assert.equal(tostring(left), answer.headers["ratelimit-remaining"])
    end
    local refused = guess("6.6.6.6, 192.0.2.1", "victim") -- what the client says of itself is nothing
    assert.equal(429, refused.status)
    assert.is_true(tonumber(refused.headers["retry-after"]) <= 60)
    assert.equal("3", refused.headers["ratelimit-limit"])
    assert.is_string(refused:json().detail)
    assert.equal(401, guess("192.0.2.2", "victim").status) -- another address is not locked out
    assert.equal(401, guess("192.0.2.1", "another").status)
    assert.equal(401, guess("192.0.2.1", "a third").status)
    assert.equal(429, guess("192.0.2.1", "a fourth").status)

    local function sign_up(from, name)
      return client:post("/signup", { json = { username = name, password = "long enough" },
        headers = { ["X-Forwarded-For"] = from } })
    end
    assert.equal(201, sign_up("2001:db8::1", "first").status)
    assert.equal(201, sign_up("2001:db8::2", "second").status)
    assert.equal(429, sign_up("2001:db8::3", "third").status) -- one household
    assert.equal(201, sign_up("2001:db8:0:1::1", "fourth").status)
    loop.wait_until("the log names the client", 5, function()
      return plateia:output():find('"peer":"2001:db8:0:1::1"', 1, true)
    end)
  end)

  it("believe no proxy that is not trusted", function()
    start { PLATEIA_THROTTLE_SIGN_IN_ADDRESS = "2" }
    local function guess(from)
      return client:post("/token", { form = { username = "victim" .. from, password = "a guess" },
        headers = { ["X-Forwarded-For"] = from, Forwarded = "for=" .. from } }).status
    end
    assert.same({ 401, 401, 429 }, { guess "192.0.2.1", guess "192.0.2.2", guess "192.0.2.3" })
  end)

  it("count an address's connections over all workers", function()
    start { PLATEIA_CONNECTIONS_PER_ADDRESS = "8", PLATEIA_WORKERS = "2" }
    local connections = {}
    for i = 1, 8 do
      connections[i] = assert(http.connect(plateia.port))
      connections[i]:send "GET /movies/1 HTTP/1.1\r\nHost: a\r\n\r\n"
      assert.equal(200, assert(connections[i]:answer "GET").status)
    end
    local answer = http.raw(plateia.port, "")
    assert.equal(429, answer.status)
    assert.equal("10", answer.headers["retry-after"])
    for _, conn in ipairs(connections) do conn:close() end
    require("support.loop").wait_until("there is room again", 5, function()
      local again = client:try("GET", "/movies/1")
      return again and again.status == 200
    end)
  end)

  it("let go of who leaves within a request, long before its deadline", function()
    start { PLATEIA_HEAD_TIMEOUT_MS = "60000", PLATEIA_BODY_TIMEOUT_MS = "60000", PLATEIA_IDLE_TIMEOUT_MS = "60000" }
    local leaving = {}
    for _ = 1, 10 do
      for _, part in ipairs { "GET /movi", "GET /movies/1 HTTP/1.1\r\nHost: a\r\nX: ",
        "POST /signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{" } do
        local conn = assert(http.connect(plateia.port))
        conn.tcp:write(part) -- its end goes with it
        conn.tcp:shutdown()
        leaving[#leaving + 1] = conn
      end
    end
    for _, conn in ipairs(leaving) do
      loop.wait_until("it is closed", 10, function() return conn.ended end)
      conn:close()
    end
    assert.equal(200, client:get("/movies/1").status)
  end)

  it("are refused at the start when they are written wrong", function()
    local wrong = server.launch { database = database.cluster():create "edges_wrong",
      settings = { PLATEIA_TRUSTED_PROXIES = "10.0.0.0/99" } }
    assert.equal(1, (wrong.process:wait(30)))
    assert.matches("trusted_proxies: .*10%.0%.0%.0/99", wrong:output())
    plateia = nil
  end)
end)
