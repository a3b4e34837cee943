-- Hostile input: one table, each row with what it is answered. After every row the server still serves, and at
-- the end no sanitizer had anything to say.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local DEADLINE = 1.5 -- seconds for a head, and for a body, in this server
local CLOSED = "closed" -- without an answer
local HTML = "<script>alert('a')</script>"
local SQL = "';DROP/**/TABLE/**/users;--"

-- Lines of a head, and a body, as bytes.
local function wire(lines, body)
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

local function get(target, ...)
  return wire { "GET " .. target .. " HTTP/1.1", "Host: a", ... }
end

local function post(target, kind, body, ...)
  return wire({ "POST " .. target .. " HTTP/1.1", "Host: a", "Content-Type: " .. kind,
    "Content-Length: " .. #body, ... }, body)
end

local function signup(body) return post("/signup", "application/json", body) end
local function form(body) return post("/token", "application/x-www-form-urlencoded", body) end
local function bearer(token) return get("/me", "Authorization: Bearer " .. token) end
local function head(...) return wire { "POST /signup HTTP/1.1", "Host: a", "Content-Type: application/json", ... } end

local function account(username, password, more)
  return ('{"username":"%s","password":"%s"%s}'):format(username, password or "a long enough one", more or "")
end

local tokens = {} -- made when the server is there

local function token(name)
  return function() return bearer(tokens[name]) end
end

-- { what, the bytes or what makes them, the status }
local rows = {
  -- bodies
  { "no body at all", signup "", 422 },
  { "64 KiB of body", signup((" "):rep(65536)), 422 },
  { "64 KiB and a byte", signup((" "):rep(65537)), 413 },
  { "a gigabyte announced", head "Content-Length: 1073741824", 413 },
  { "more announced than a number holds", head "Content-Length: 99999999999999999999999", 413 },
  { "a negative length", head "Content-Length: -1", 400 },
  { "a length in hexadecimal", head "Content-Length: 0x10", 400 },
  { "a length with a sign", head "Content-Length: +2", 400 },
  { "a list of lengths", head "Content-Length: 2, 2", 400 },
  { "a body of another kind", post("/signup", "text/xml", "<a/>"), 415 },

  -- JSON
  { "JSON 10,000 deep", signup(("["):rep(10000) .. ("]"):rep(10000)), 400 },
  { "objects 10,000 deep", signup(('{"a":'):rep(10000) .. "1" .. ("}"):rep(10000)), 400 },
  { "JSON that never closes", signup(("["):rep(60000)), 400 },
  { "2^63 for a text", signup '{"username":9223372036854775808,"password":"a long enough one"}', 422 },
  { "1e999", signup '{"username":1e999,"password":"a long enough one"}', 422 },
  { "\\u0000 in a name", signup(account "nul\\u0000nul"), 400 },
  { "half a surrogate", signup(account "half\\ud800"), 422 },
  { "a raw NUL in a name", signup(account "nul\0nul"), 422 },
  { "bad UTF-8", signup(account "bad\xff\xfe"), 400 },
  { "an overlong slash", signup(account "bad\xc0\xaf"), 400 },
  { "a body that is NUL", signup(("\0"):rep(100)), 422 },
  { "a name of 60,000 letters", signup(account(("x"):rep(60000))), 422 },
  { "a password of 60,000 letters", signup(account("somebody", ("x"):rep(60000))), 422 },
  { "an array for an object", signup "[]", 422 },
  { "null", signup "null", 422 },

  -- numbers, paths and queries
  { "2^63 in a path", get "/movies/9223372036854775808", 422 },
  { "-2^63 in a path", get "/movies/-9223372036854775808", 422 },
  { "2^63 in a query", get "/movies?limit=9223372036854775808", 422 },
  { "a number that is none", get "/movies?limit=1e1", 422 },
  { "%00 in a path", get "/movies/%00", 400 },
  { "%00 in a query", get "/movies?search=%00", 400 },
  { "bad UTF-8 in a path", get "/movies/%ff", 400 },
  { "bad UTF-8 in a query", get "/movies?search=%ff", 400 },
  { "a broken escape", get "/movies?search=%zz", 400 },
  { "a way up", get "/movies/../../../etc/passwd", 404 },
  { "a way up, escaped", get "/%2e%2e/%2e%2e/etc/passwd", 404 },
  { "a target of 9,000 letters", get("/" .. ("x"):rep(9000)), 414 },
  { "a target of 100,000 letters", get("/" .. ("x"):rep(100000)), 414 },
  { "100 parameters", get("/movies?limit=1&" .. ("a=1&"):rep(100)), 200 },
  { "2,000 parameters", get("/movies?" .. ("a=1&"):rep(2000)), 200 },

  -- tokens
  { "no token", get "/me", 401 },
  { "an empty token", get("/me", "Authorization: Bearer "), 401 },
  { "an empty Authorization", get("/me", "Authorization:"), 401 },
  { "a token under another secret", token "other_secret", 401 },
  { "an expired token", token "expired", 401 },
  { "a token of another kid", token "other_kid", 401 },
  { "a token without a signature", token "none", 401 },
  { "a token of 8,000 letters", bearer(("x"):rep(8000)), 401 },
  { "a token of 20 MB", function() return bearer(("x"):rep(20000000)) end, 431 },
  { "a token with bytes that are no text", bearer "\xff\xfe.\xff.\xff", 401 },
  { "two Authorizations", function()
    return get("/me", "Authorization: Bearer x", "Authorization: Bearer " .. tokens.good)
  end, 401 },

  -- what databases and browsers might run
  { "SQL for a name", signup(account(SQL)), 201 },
  { "HTML for a name", signup(account(HTML)), 201 },
  { "SQL for a password", signup(account("sqlpassword", "' OR '1'='1")), 201 },
  { "SQL for an e-mail address", signup(account("a01", nil, ',"email":"\' OR 1=1 --"')), 422 },
  { "HTML for an e-mail address", signup(account("a02", nil, ',"email":"<b>@x</b>"')), 422 },
  { "SQL for a phone number", signup(account("a03", nil, ',"phone":"1; DROP TABLE users"')), 422 },
  { "HTML for a phone number", signup(account("a04", nil, ',"phone":"<b>1</b>"')), 422 },
  { "SQL for a way to be told", signup(account("a05", nil, ',"notify_by":"none\'; --"')), 422 },
  { "SQL for who signs in", form "username=' OR '1'='1&password=x", 401 },
  { "SQL for a sign-in's password", form("username=" .. http.escape(HTML) .. "&password=' OR '1'='1"), 401 },
  { "SQL for a search", get "/movies?search='%20OR%201=1%20--", 200 },
  { "HTML for a search", get "/movies?search=%3Cscript%3E", 200 },
  { "SQL for a cursor", get "/movies?cursor='%20OR%201=1", 422 },
  { "SQL for a period", get "/movies/top?period='OR'1", 422 },
  { "SQL for an id", get "/movies/1;DROP", 422 },
  { "HTML for a path", get "/%3Cscript%3E", 404 },

  -- heads that two servers could read in two ways (RFC 9112, 11.2)
  { "Content-Length and Transfer-Encoding", head("Content-Length: 5", "Transfer-Encoding: chunked"), 411 },
  { "chunks", head "Transfer-Encoding: chunked" .. "0\r\n\r\n", 411 },
  { "Transfer-Encoding: gzip, chunked", head "Transfer-Encoding: gzip, chunked", 411 },
  { "Transfer-Encoding: identity", head "Transfer-Encoding: identity", 411 },
  { "Transfer-Encoding: xchunked", head "Transfer-Encoding: xchunked", 411 },
  { "an empty Transfer-Encoding", head "Transfer-Encoding:", 411 },
  { "two lengths that differ", head("Content-Length: 2", "Content-Length: 3") .. "{}", 400 },
  { "two lengths that agree", head("Content-Length: 2", "Content-Length: 2") .. "{}", 400 },
  { "a space before the colon", head "Content-Length : 2" .. "{}", 400 },
  { "a folded line", head("X: 1", " Content-Length: 2"), 400 },
  { "a carriage return in a value", get("/movies/1", "X: a\rb"), 400 },
  { "no Host", wire { "GET /movies/1 HTTP/1.1" }, 400 },
  { "two Hosts", get("/movies/1", "Host: b"), 400 },
  { "a Host with a user's name", wire { "GET /movies/1 HTTP/1.1", "Host: a@b" }, 400 },
  { "an unknown method", wire { "BREW /movies/1 HTTP/1.1", "Host: a" }, 501 },
  { "a method for proxies", wire { "CONNECT a:80 HTTP/1.1", "Host: a" }, 400 },
  { "an unknown expectation", get("/movies/1", "Expect: miracles"), 417 },
  { "an unknown version", wire { "GET /movies/1 HTTP/3.0", "Host: a" }, 505 },
  { "a header's name with a space", get("/movies/1", "X Y: 1"), 400 },
  { "a head of 100,000 letters", get("/movies/1", "X: " .. ("x"):rep(100000)), 431 },
  { "5,000 headers", get("/movies/1", table.unpack((function()
    local list = {}
    for i = 1, 5000 do list[i] = "X: 1" end
    return list
  end)())), 431 },
  { "no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", CLOSED },
  { "NULs for a request", ("\0"):rep(100) .. "\r\n\r\n", CLOSED },

  -- what libmicrohttpd takes for a head
  { "bare line feeds", "GET /movies/1 HTTP/1.1\nHost: a\n\n", 400 },
  { "a bare line feed behind a header", "GET /movies/1 HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", 400 },
  { "a bare line feed for the end", "GET /movies/1 HTTP/1.1\r\nHost: a\r\n\n", 400 },
  { "a NUL in a value", get("/movies/1", "X: a\0b"), 400 },
  { "a NUL in a name", get("/movies/1", "X\0Y: a"), 400 },
  { "a NUL in a target", get "/movies/1\0/2", 400 },
  { "a NUL before 2,000 parameters", get("/movies\0?" .. ("a=1&"):rep(2000)), CLOSED },
  { "two spaces before a target", wire { "GET  /movies/1 HTTP/1.1", "Host: a" }, 400 },
  { "no header's name", get("/movies/1", ": 1"), 400 },
  { "no header's name, and a second request", get("/movies/1", ": 1", "GET /movies/2 HTTP/1.1", "Host: a"), 400 },
  { "a colon, and a second request", get("/movies/1", ":", "GET /movies/2 HTTP/1.1", "Host: a"), 400 },
  { "a name that goes on in a folded line", head("Content-Len: 2", " gth") .. "{}", 400 },
}

describe("hostile input:", function()
  local db, plateia, client

  setup(function()
    db = database.cluster():create "hostile"
    plateia = server.start { database = db, settings = { PLATEIA_HEAD_TIMEOUT_MS = tostring(DEADLINE * 1000 // 1 | 0),
      PLATEIA_BODY_TIMEOUT_MS = tostring(DEADLINE * 1000 // 1 | 0) } }
    client = plateia:client()
    local user, now = crowd.make(db, server.SECRET, "holder", 1)[1], os.time()
    local function claims(expires)
      return ('{"aud":"plateia","exp":%d,"iat":%d,"iss":"plateia","sub":"%d"}'):format(expires, now - 7200, user.id)
    end
    tokens.good = user.token
    tokens.other_secret = crowd.sign(db, "another secret of thirty-two bytes", claims(now + 3600))
    tokens.expired = crowd.sign(db, server.SECRET, claims(now - 3600))
    tokens.other_kid = crowd.sign(db, server.SECRET, claims(now + 3600), '{"alg":"HS256","kid":"k2","typ":"JWT"}')
    tokens.none = user.token:match "^.*%."
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function still_serves()
    assert.equal(200, client:get("/movies/1").status)
  end

  for _, row in ipairs(rows) do
    local what, bytes, status = table.unpack(row)
    it(("%s: %s"):format(what, status), function()
      local answer, why, conn = http.raw(plateia.port, type(bytes) == "function" and bytes() or bytes, 5)
      assert.equal(status, answer and answer.status or why)
      if answer and answer.status >= 400 and answer.headers["x-request-id"] then -- one of ours
        assert.matches("^application/json", answer.headers["content-type"])
        assert.not_nil(answer:json().detail)
      end
      conn:close()
      still_serves()
    end)
  end

  it("what looked like SQL or HTML is a name, and nothing else", function()
    for _, name in ipairs { SQL, HTML } do
      local signed_in = client:post("/token", { form = { username = name, password = "a long enough one" } })
      local me = client:get("/me", { token = signed_in:json().access_token })
      assert.equal(name, me:json().username)
      assert.matches("^application/json", me.headers["content-type"])
      assert.equal("nosniff", me.headers["x-content-type-options"])
    end
    assert.same({}, client:get("/movies?search='%20OR%201=1%20--"):json().items)
    assert.is_true(db:value "SELECT count(*) FROM users" >= 4)
  end)

  -- Sends the beginning, then a letter every 50 ms, until it is closed: the seconds that took.
  local function trickle(beginning)
    local conn, began = assert(http.connect(plateia.port)), loop.now()
    conn:send(beginning)
    loop.wait_until("it is closed", 10, function()
      conn:send "x"
      loop.sleep(0.05)
      return conn.ended
    end)
    conn:close()
    return loop.now() - began
  end

  it("a head that comes letter by letter is cut at its deadline", function()
    local took = trickle "GET /movies/1 HTTP/1.1\r\nHost: a\r\nX: "
    assert.is_true(took > DEADLINE / 2 and took < 3 * DEADLINE, took)
    still_serves()
  end)

  it("a body that comes letter by letter is cut at its deadline", function()
    local took = trickle(head "Content-Length: 60000")
    assert.is_true(took > DEADLINE / 2 and took < 3 * DEADLINE, took)
    still_serves()
  end)
end)

-- ---------------------------------------------------------------------------------------------------------

local MIB = 1 << 20

-- As many as the open files of this process and the server's allow.
local function idle_count()
  local files = tonumber(process.read_file "/proc/self/limits":match "Max open files%s+(%d+)") or 1024
  return math.min(5000, files - 300)
end

local function resident(plateia)
  return tonumber(process.read_file(("/proc/%d/status"):format(plateia.process.pid)):match "VmRSS:%s+(%d+)") * 1024
end

describe("thousands of connections that say nothing", function()
  local plateia

  setup(function()
    plateia = server.start { database = database.cluster():create "idle", settings = {
      PLATEIA_HEAD_TIMEOUT_MS = "60000", ASAN_OPTIONS = "quarantine_size_mb=1" } }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function crowd_in()
    local numbers = {}
    for i = 1, idle_count() do numbers[i] = i end
    return loop.each(numbers, 50, function() return assert(http.connect(plateia.port, 30)) end)
  end

  local function ask(client, times)
    for _ = 1, times do assert.equal(200, client:get("/movies/1").status) end
  end

  it("hinder nobody, and leave nothing behind", function()
    local client, before = plateia:client(), nil
    ask(client, 100)
    for round = 1, 2 do
      local connections = crowd_in()
      ask(client, 100)
      assert.is_true(resident(plateia) < 512 * MIB)
      for _, conn in ipairs(connections) do conn:close() end
      local base = before
      before = loop.wait_until("memory is back", 10, function()
        ask(client, 1)
        local now = resident(plateia)
        return (round == 1 or now < base + 24 * MIB) and now, now // MIB .. " MiB"
      end)
    end
    client:close()
  end)
end)
