-- The protocol itself: what every route has in common, and what no route gets to see.

local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local server = require "support.server"

describe("HTTP", function()
  local plateia, client

  setup(function()
    plateia = server.start { database = database.cluster():create "http" }
    client = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  -- Sends lines as they are, with the line ends of HTTP.
  local function raw(lines, body)
    return http.raw(plateia.port, table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
  end

  local function post_as(kind, body)
    return client:post("/signup", { body = body, headers = { ["Content-Type"] = kind } })
  end

  local function get_with(...)
    return raw { "GET /movies?limit=1 HTTP/1.1", ... }
  end

  it("has an error's two shapes, by the Accept header", function()
    local plain = client:get "/nowhere"
    assert.equal(404, plain.status)
    assert.matches("^application/json", plain.headers["content-type"])
    assert.is_string(plain:json().detail)

    local problem = client:get("/nowhere", { headers = { Accept = "application/problem+json" } })
    assert.equal(404, problem.status)
    assert.matches("^application/problem%+json", problem.headers["content-type"])
    local members = problem:json()
    assert.equal(404, members.status)
    assert.is_string(members.type)
    assert.equal("Not Found", members.title)
    assert.is_string(members.detail)
    assert.equal(problem.headers["x-request-id"], members.request_id)
  end)

  it("keeps detail a sentence in a problem, and lists the errors beside it", function()
    local answer = client:post("/signup", { json = {}, headers = { Accept = "application/problem+json" } })
    assert.equal(422, answer.status)
    assert.is_string(answer:json().detail)
    assert.is_true(#answer:json().errors >= 2)
  end)

  it("names the methods that a path has", function()
    local answer = client:ask("DELETE", "/movies")
    assert.equal(405, answer.status)
    assert.matches("GET", answer.headers.allow)
    assert.matches("HEAD", answer.headers.allow)
    assert.is_nil(answer.headers.allow:find "POST")
    local allowed = client:get("/signup").headers.allow
    assert.matches("POST", allowed)
    assert.is_nil(allowed:find "GET")
    assert.equal(501, client:ask("BREW", "/movies").status)
  end)

  it("answers HEAD as GET, without the body", function()
    local get, head = client:get "/movies/1", client:ask("HEAD", "/movies/1")
    assert.equal(200, head.status)
    assert.equal(get.headers["content-length"], head.headers["content-length"])
    assert.equal("", head.body)
    assert.equal(200, client:get("/movies/1").status) -- and the connection is still in step
    assert.equal(404, client:ask("HEAD", "/nowhere").status)
  end)

  it("gives every answer an id, the client's own where it is well-formed", function()
    local function given_for(id)
      return client:get("/movies/1", { headers = { ["X-Request-Id"] = id } }).headers["x-request-id"]
    end
    assert.equal("my-id_1.2", given_for "my-id_1.2")
    local seen = {}
    for _, id in ipairs { "with space", "ü", "", ("x"):rep(129), "a\tb" } do
      local given = given_for(id)
      assert.matches("^[%w._-]+$", given)
      assert.not_equal(id, given)
      assert.is_nil(seen[given])
      seen[given] = true
    end
    assert.not_nil(client:get("/nowhere").headers["x-request-id"])
  end)

  it("keeps a connection, and answers pipelined requests in order", function()
    local conn = http.connect(plateia.port)
    local requests = {}
    for id = 1, 20 do requests[id] = ("GET /movies/%d HTTP/1.1\r\nHost: a\r\n\r\n"):format(id) end
    conn:send(table.concat(requests))
    for id = 1, 20 do assert.equal(id, assert(conn:answer "GET"):json().id) end
    conn:close()
  end)

  it("takes a request in any pieces", function()
    local conn = http.connect(plateia.port)
    for byte in ("GET /movies/1 HTTP/1.1\r\nHost: a\r\n\r\n"):gmatch "." do conn:send(byte) end
    assert.equal(200, assert(conn:answer "GET").status)
    conn:close()
  end)

  it("closes when asked to, and for HTTP/1.0", function()
    local answer, _, conn = get_with("Host: a", "Connection: close")
    assert.equal(200, answer.status)
    assert.is_true(select(2, conn:take_all(5)))
    answer, _, conn = raw { "GET /movies/1 HTTP/1.0" }
    assert.equal(200, answer.status)
    assert.is_true(select(2, conn:take_all(5)))
  end)

  it("refuses a body that is too large before it is sent", function()
    local answer = raw { "POST /signup HTTP/1.1", "Host: a", "Content-Type: application/json", "Content-Length: 65537" }
    assert.equal(413, answer.status)
    assert.is_string(answer:json().detail)
    assert.equal(422, post_as("application/json", (" "):rep(65536)).status) -- at the limit it is read
  end)

  it("refuses a body of another kind", function()
    for _, kind in ipairs { "text/plain", "application/x-www-form-urlencoded", "application/jsonp" } do
      assert.equal(415, post_as(kind, "{}").status, kind)
    end
    assert.equal(422, post_as("application/json; charset=utf-8", "{}").status)
  end)

  it("refuses any Transfer-Encoding", function()
    for _, coding in ipairs { "chunked", "gzip, chunked", "identity" } do
      local answer, _, conn = raw { "POST /signup HTTP/1.1", "Host: a", "Transfer-Encoding: " .. coding }
      assert.equal(411, answer.status, coding)
      assert.is_true(select(2, conn:take_all(5)))
    end
    assert.equal(411, raw({ "POST /signup HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked" },
      "0\r\n\r\n").status)
  end)

  it("refuses heads that two servers could read in two ways, and closes", function()
    local heads = {
      { "GET /movies/1 HTTP/1.1" },
      { "GET /movies/1 HTTP/1.1", "Host: a", "Host: b" },
      { "POST /signup HTTP/1.1", "Host: a", "Content-Length: 2", "Content-Length: 3" },
      { "POST /signup HTTP/1.1", "Host: a", "Content-Length : 2" },
      { "GET /movies/1 HTTP/1.1", "Host: a", "X Y: 1" },
    }
    for _, head in ipairs(heads) do
      local answer, _, conn = raw(head, "{}GET /movies/1 HTTP/1.1\r\nHost: a\r\n\r\n")
      assert.equal(400, answer and answer.status, head[#head])
      local rest, closed = conn:take_all(5)
      assert.is_true(closed)
      assert.is_nil(rest:find "200 OK") -- nothing smuggled was answered
    end
  end)

  it("honours Expect: 100-continue and no other expectation", function()
    local conn = http.connect(plateia.port)
    conn:send("POST /signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" ..
      "Expect: 100-continue\r\n\r\n")
    assert.matches("^HTTP/1.1 100", conn:take_until "\r\n\r\n")
    conn:send "{}"
    assert.equal(422, conn:answer("POST").status)
    conn:close()
    assert.equal(417, get_with("Host: a", "Expect: miracles").status)
  end)

  it("decodes a path once, and never past its segments", function()
    assert.equal(200, client:get("/%6Dovies/1").status)
    assert.equal(404, client:get("/movies%2F1").status)
    assert.equal(404, client:get("/movies/1/").status)
    for _, path in ipairs { "/movies/%00", "/movies/%zz", "/movies/%ff" } do
      assert.equal(400, client:get(path).status, path)
    end
  end)

  it("outlives clients that leave in the middle", function()
    for _ = 1, 20 do
      local conn = http.connect(plateia.port)
      conn:send "POST /signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
      conn:close()
    end
    local account = '{"username":"leaver","password":"a long enough one"}'
    local conn = http.connect(plateia.port) -- gone while its password is hashed
    conn:send(("POST /signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
      :format(#account, account))
    loop.sleep(0.01)
    conn:close()
    assert.equal(200, client:get("/movies/1").status)
  end)
end)
