-- The ranking from memory: an answer given again says what the handler would, and nobody waits for it to be counted.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

-- ---- said again ----

-- With an id of a length that is not ours the request goes the long way, through the script.
local LONG_WAY = "long-way"

-- What each answer has of its own: the id, and the clock's time.
local function comparable(head)
  return (head:gsub("\r\nX%-Request%-Id: [^\r]*", ""):gsub("\r\nDate: [^\r]*", ""))
end

local function seconds_of(head)
  return head:match "\r\nCache%-Status: [^\r]*", head:match "\r\nAge: [^\r]*"
end

-- Head and body of one answer, as sent.
local function raw_answer(conn, request, method)
  assert(conn:send(request))
  local head = assert(conn:take_until "\r\n\r\n")
  local length = not head:find "^HTTP/1%.1 304" and method ~= "HEAD" and head:match "Content%-Length: (%d+)"
  return head, length and assert(conn:take(tonumber(length))) or ""
end

local function request_of(case, more)
  local lines = { ("%s %s HTTP/1.1"):format(case.method or "GET", case.target or "/movies/top"), "Host: a" }
  for _, line in ipairs(case) do lines[#lines + 1] = line end
  lines[#lines + 1] = more
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- The answer given again, and the one of the long way, asked within the same second.
local function both_ways(plateia, case)
  local conn = assert(http.connect(plateia.port))
  local short, short_body, long, long_body
  loop.wait_until("both are of one second", 10, function()
    raw_answer(conn, request_of(case), case.method) -- the first of a second is made, the next is given again
    short, short_body = raw_answer(conn, request_of(case), case.method)
    long, long_body = raw_answer(conn, request_of(case, "X-Request-Id: " .. LONG_WAY), case.method)
    local status, age = seconds_of(long)
    local status_before, age_before = seconds_of(short)
    return status == status_before and age == age_before
  end)
  conn:close()
  return short, short_body, long, long_body
end

describe("an answer that is given again", function()
  local plateia

  setup(function()
    local db = database.cluster():create "again"
    plateia = server.start { database = db,
      settings = { PLATEIA_WORKERS = "1", PLATEIA_CORS_ORIGINS = "https://a.example" } }
    for i, user in ipairs(crowd.make(db, server.SECRET, "again", 5)) do
      assert.equal(201, plateia:client(user.token):post("/vote/" .. i).status)
    end
    local client = plateia:client()
    loop.wait_until("the ranking shows them", 5, function() return #client:get("/movies/top"):json().items == 5 end)
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local cases = {
    { name = "GET" },
    { name = "HEAD", method = "HEAD" },
    { name = "another target", target = "/movies/top?limit=3&period=current" },
    { name = "a target with its host", target = "http://a/movies/top" },
    { name = "whoever takes problems", "Accept: application/problem+json" },
    { name = "a page that may read it", "Origin: https://a.example" },
    { name = "a page that may not", "Origin: https://b.example" },
    { name = "a tag that is not this one", 'If-None-Match: "other"' },
    { name = "any tag", "If-None-Match: *" },
    { name = "any tag, from a page", "If-None-Match: *", "Origin: https://a.example" },
    { name = "any tag, for HEAD", method = "HEAD", "If-None-Match: *" },
    { name = "many headers", "User-Agent: x", "Accept-Encoding: gzip", "Cookie: a=b", "Connection: keep-alive" },
  }
  for _, case in ipairs(cases) do
    it("is the handler's, but for its id: " .. case.name, function()
      local short, short_body, long, long_body = both_ways(plateia, case)
      assert.equal(comparable(long), comparable(short))
      assert.equal(long_body, short_body)
      assert.matches("\r\nX-Request-Id: " .. LONG_WAY .. "\r\n", long, 1, true)
      assert.matches("\r\nX%-Request%-Id: " .. ("%x"):rep(32) .. "\r\n", short)
      assert.matches("\r\nDate: %a+, ", short)
    end)
  end

  it("is 304 for its own tag, and stays so when it is asked for again", function()
    local client = plateia:client()
    local tag = client:get("/movies/top").headers.etag
    for _ = 1, 5 do
      assert.equal(304, client:get("/movies/top", { headers = { ["If-None-Match"] = tag } }).status)
      assert.equal(200, client:get("/movies/top").status)
    end
  end)

  it("is logged as any other", function()
    local conn = assert(http.connect(plateia.port))
    local ids = {}
    for i = 1, 3 do ids[i] = raw_answer(conn, request_of {}, "GET"):match "X%-Request%-Id: (%x+)" end
    conn:close()
    for _, id in ipairs(ids) do
      loop.wait_until("the line is there", 5, function() return plateia:output():find(id, 1, true) end)
      local line = plateia:output():match('[^\n]*"request_id":"' .. id .. '"[^\n]*')
      assert.matches('"path":"/movies/top","route":"/movies/top","status":200,', line, 1, true)
      assert.matches('"bytes":%d%d%d', line)
      assert.matches('"generation":1', line, 1, true)
    end
  end)
end)

-- ---- never waited for ----

-- The house's own, but for the ranking's query: it goes through the gate.
local function gated_house()
  local folder = process.temporary_folder "gated"
  assert(process.run("cp", { args = { "-r", "scripts", "sql", folder } }) == 0)
  local path = folder .. "/sql/queries/top_movies.sql"
  local text, count = process.read_file(path):gsub("\nORDER BY", "\nWHERE NOT EXISTS (SELECT FROM gate)%0", 1)
  assert(count == 1, "the query is not what it was")
  process.write_file(path, text)
  return { PLATEIA_SCRIPTS = folder .. "/scripts", PLATEIA_SQL = folder .. "/sql" }
end

describe("the ranking under votes", function()
  local db, plateia

  setup(function()
    db = database.cluster():create "gated"
    db:run "CREATE TABLE gate ()"
    plateia = server.start { database = db, settings = gated_house() }
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function votes_shown(answer)
    local sum = 0
    for _, item in ipairs(answer:json().items) do sum = sum + item.votes end
    return sum
  end

  it("is given from memory while it cannot be counted, and is up to date soon after it can", function()
    local users = crowd.make(db, server.SECRET, "voter", 500)
    local reader, old, reads = plateia:client(), 0, 0
    local function read()
      local answer = reader:get "/movies/top?limit=100"
      assert.equal(200, answer.status)
      assert.matches("^plateia; hit; ", answer.headers["cache-status"]) -- not made for us, nor together with another
      if answer.headers["cache-status"]:find("ttl=-", 1, true) then old = old + 1 end
      reads = reads + 1
    end
    assert.equal(0, votes_shown(reader:get "/movies/top?limit=100"))
    local release = db:hold("gate", "ACCESS EXCLUSIVE")
    loop.each(users, 20, function(user)
      local client = plateia:client(user.token)
      assert.equal(201, client:post("/vote/" .. user.id % 50 + 1).status)
      client:close()
    end, 60)
    loop.wait_until("renewing has failed twice", 20, function()
      read()
      return select(2, plateia:output():gsub("observer failed", "")) >= 2
    end)
    for _ = 1, 200 do read() end
    assert.is_true(old > 0) -- the votes did drop it meanwhile
    release()
    loop.wait_until("all votes are shown", 10, function()
      read()
      return votes_shown(reader:get "/movies/top?limit=100") == 500
    end)
  end)

  it("shows a vote to the first who asks a while later", function()
    local user, client = crowd.make(db, server.SECRET, "late", 1)[1], plateia:client()
    local before = votes_shown(client:get "/movies/top?limit=100")
    assert.equal(201, plateia:client(user.token):post("/vote/1").status)
    loop.wait_until("it is counted", 5, function()
      return db:value "SELECT sum(votes) FROM standings WHERE period = 'all'" == before + 1
    end)
    loop.sleep(1) -- as long as anybody has to wait for a vote; nobody asks meanwhile
    assert.equal(before + 1, votes_shown(client:get "/movies/top?limit=100"))
  end)
end)
