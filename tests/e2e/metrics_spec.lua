-- GET /metrics: it counts exactly what was sent, waits for nobody, and says what the dashboard and the alerts ask for.

local crowd = require "support.crowd"
local database = require "support.database"
local events = require "support.events"
local http = require "support.http"
local json = require "dkjson"
local loop = require "support.loop"
local metrics = require "support.metrics"
local process = require "support.process"
local scripts = require "support.scripts"
local server = require "support.server"

-- Waits in the database until the client has gone, or for as long as it may.
local NAP = "-- class: lease\nSELECT pg_sleep(20)::text AS slept\n"
local HEAD = [[
local route, field, db = require "plateia.route", require "plateia.field", require "plateia.db"
local metrics = require "plateia.metrics"
local answers = { [200] = field.object { fine = field.boolean {} } }
]]
local WAITS = HEAD .. [[
local nap = db.query "nap"
return route.get "/waits" { summary = "Waits.", answers = answers,
  handler = function() return { fine = nap() ~= nil } end }
]]
local LOOPS = HEAD .. [[
return {
  route.get "/loops" { summary = "Never ends.", answers = answers, handler = function() while true do end end },
  route.get "/raises" { summary = "Fails.", answers = answers, handler = function() error "a bug" end },
}
]]
local COUNTS = HEAD .. [[
local greetings = metrics.counter("greetings_total", "Greetings, by word.", { "word" })
return route.get "/greet/{word}" { summary = "Greets.", answers = answers, path = { word = field.string {} },
  handler = function(req)
    greetings:add(1, req.path.word)
    return { fine = true }
  end }
]]

describe("GET /metrics", function()
  local db, plateia, folder, users
  local CLIENTS = 16 -- connections, so that either worker has some

  setup(function()
    db = database.cluster():create "metrics"
    folder = scripts.copy()
    folder:save("scripts/routes/waits.lua", WAITS)
    folder:save("scripts/routes/loops.lua", LOOPS)
    folder:save("scripts/routes/greet.lua", COUNTS)
    folder:save("sql/queries/nap.sql", NAP)
    folder.settings.PLATEIA_SCRIPT_TIME_MS = "700"
    folder.settings.PLATEIA_THROTTLE_SIGN_IN = "3"
    plateia = server.start { database = db, settings = folder.settings }
    users = crowd.make(db, server.SECRET, "counted", 40)
  end)

  teardown(function()
    plateia:stop()
    database.cluster():open("postgres"):run "DROP DATABASE metrics WITH (FORCE)"
  end)

  -- Sends each of { method, target, times, options } over all connections at once, mixed.
  local function send(load)
    local orders = {}
    for _, each in ipairs(load) do
      for _ = 1, each[3] do orders[#orders + 1] = each end
    end
    for i = #orders, 2, -1 do
      local j = math.random(i)
      orders[i], orders[j] = orders[j], orders[i]
    end
    local clients = {}
    for i = 1, CLIENTS do clients[i] = plateia:client() end
    loop.each(orders, CLIENTS, function(order, i)
      local client = table.remove(clients)
      local answer = client:ask(order[1], order[2], order[4])
      assert.equal(order.status, answer.status, order[1] .. " " .. order[2] .. " " .. i)
      table.insert(clients, client)
    end, 120)
    for _, client in ipairs(clients) do client:close() end
  end

  -- What the load adds to the counts.
  local function expected(load, times)
    local kinds = {}
    for _, each in ipairs(load) do
      local kind = ("%s %s %d"):format(each[1], each.route, each.status)
      kinds[kind] = (kinds[kind] or 0) + each[3] * times
    end
    return kinds
  end

  local function difference(before, after)
    local kinds = {}
    for kind, count in pairs(after) do
      if count > (before[kind] or 0) then kinds[kind] = count - (before[kind] or 0) end
    end
    return kinds
  end

  it("is of Prometheus' own kind, and promtool finds nothing wrong with it", function()
    local page = metrics.scrape(plateia)
    assert.equal("text/plain; version=0.0.4; charset=utf-8", page.headers["content-type"])
    local path = process.temporary_folder "page" .. "/text"
    process.write_file(path, page.text)
    assert.equal("", metrics.promtool("check metrics", path))
    assert.equal(1, page:get "plateia_ready")
    assert.equal(405, plateia.admin:post("/metrics").status)
  end)

  it("counts exactly what was sent, by method, route and status, over a reload too", function()
    local load = {
      { "GET", "/movies/7", 120, route = "/movies/{id}", status = 200 },
      { "HEAD", "/movies/8", 31, route = "/movies/{id}", status = 200 },
      { "GET", "/movies/999999", 23, route = "/movies/{id}", status = 404 },
      { "GET", "/movies/seven", 17, route = "/movies/{id}", status = 422 },
      { "GET", "/movies/top", 150, route = "/movies/top", status = 200 },
      { "GET", "/movies/top", 40, { headers = { ["If-None-Match"] = "*" } }, route = "/movies/top", status = 304 },
      { "POST", "/vote/7", 29, route = "/vote/{movie_id}", status = 401 },
      { "GET", "/nothing/here", 37, route = "unmatched", status = 404 },
      { "DELETE", "/movies/7", 11, route = "unmatched", status = 405 },
      { "OPTIONS", "/movies/7", 7, route = "unmatched", status = 204 },
      { "GET", "/", 13, route = "assets", status = 200 },
      { "GET", "/raises", 9, route = "/raises", status = 500 },
    }
    local before = metrics.scrape(plateia)
    send(load)
    assert.equal(200, plateia.admin:post("/scripts/reload", { headers = { ["X-Plateia-Admin"] = "1" } }).status)
    send(load)
    local want = expected(load, 2)
    local page
    pcall(function()
      page = metrics.wait_until("all is counted", plateia, function(new)
        return pcall(assert.same, want, difference(before:kinds(), new:kinds()))
      end)
    end)
    page = page or metrics.scrape(plateia)
    assert.same(want, difference(before:kinds(), page:kinds()))
    assert.equal(before:get "script_generation" + 1, page:get "script_generation")
    assert.equal(18, page:get("script_errors_total", { { "route", "/raises" } })
      - before:get("script_errors_total", { { "route", "/raises" } }))
    local hits = page:get("cache_requests_total", { { "result", "hit" } })
      - before:get("cache_requests_total", { { "result", "hit" } })
    assert.is_true(hits > 300 and hits <= 380, hits .. " hits")
    loop.wait_until("nothing is under way", 5, function()
      local now = metrics.scrape(plateia)
      return now:get "http_server_active_requests" == 0 and now:get "http_server_connections" == 0
    end)
  end)

  it("counts what was refused before it was anybody's, and those who went", function()
    local before = metrics.scrape(plateia)
    for _ = 1, 5 do
      assert.equal(400, http.raw(plateia.port, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status)
      assert.equal(411, http.raw(plateia.port,
        "POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").status)
      assert.equal(501, http.raw(plateia.port, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n").status)
    end
    local gone = {}
    for i = 1, 2 do
      gone[i] = assert(http.connect(plateia.port))
      gone[i]:send "GET /waits HTTP/1.1\r\nHost: a\r\n\r\n"
    end
    metrics.wait_until("they wait", plateia, function(page) return page:get "http_server_active_requests" == 2 end)
    for i = 1, 2 do gone[i]:close() end
    metrics.wait_until("all is counted", plateia, function(page)
      return pcall(assert.same, { ["GET unmatched 400"] = 5, ["POST unmatched 411"] = 5, ["_OTHER unmatched 501"] = 5,
        ["GET /waits 499"] = 2 }, difference(before:kinds(), page:kinds()))
    end)
    -- Nobody waits for the answer, but the database is still busy with it.
    db:run "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    metrics.wait_until("the leases are back", plateia, function(page)
      local class = { { "class", "lease" } }
      return page:get("db_pool_available", class) == page:get("db_pool_max", class)
    end)
  end)

  it("adds up where two histograms are", function()
    local page = metrics.scrape(plateia)
    for series, value in pairs(page.values) do
      local name, labels = series:match '^(.*)_bucket(.*),le="%+Inf"}$'
      if name then assert.equal(value, page.values[name .. "_count" .. labels .. "}"], series) end
    end
    for _, name in ipairs { "db_batch_rows", "db_pool_acquire_seconds", "script_reload_duration_seconds" } do
      assert.equal("histogram", page.types[name])
      assert.equal(page:get(name .. "_count"), page:get(name .. "_bucket", { { "le", "+Inf" } }))
    end
  end)

  it("counts votes, their batches and events, tokens, and those who watch", function()
    local before = metrics.scrape(plateia)
    local stream = events.watch(plateia.port)
    loop.each(users, 8, function(user)
      local client = plateia:client(user.token)
      assert.equal(201, client:post("/vote/" .. user.id % 9 + 1).status)
      client:close()
    end)
    assert.equal(401, plateia:client("nonsense"):get("/me").status)
    local function since(page, name, labels) return page:get(name, labels) - before:get(name, labels) end
    local page = metrics.wait_until("all is counted", plateia, function(page)
      return since(page, "db_batch_rows_sum") == #users
        and since(page, "bus_events_total", { { "event", "vote.cast" } }) == #users
        and since(page, "sse_frames_total") >= 2
    end)
    assert.equal(#users, since(page, "jwt_verify_total", { { "result", "good" } }))
    assert.equal(1, since(page, "jwt_verify_total", { { "result", "foreign" } }))
    assert.equal(since(page, "db_batch_rows_count"), since(page, "db_statements_total", { { "class", "batch" } }))
    assert.equal(1, page:get "sse_clients")
    assert.equal(#users, since(page, "http_server_request_duration_seconds_count",
      { { "method", "POST" }, { "route", "/vote/{movie_id}" }, { "status", 201 } }))
    stream.conn:close()
    metrics.wait_until("nobody watches", plateia, function(now) return now:get "sse_clients" == 0 end)
    page = metrics.wait_until("the stream was answered", plateia, function(now)
      return now:requests("GET", "/movies/top/stream", 200) == 1
    end)
    assert.equal(0, page:get("bus_dropped_total", { { "event", "vote.cast" } }))
  end)

  it("has what scripts count: sign-ins and the outbox", function()
    local client = plateia:client()
    local person = { username = "Counted", password = "long enough a word" }
    assert.equal(201, client:post("/signup", { json = person }).status)
    assert.equal(200, client:post("/token", { form = person }).status)
    for _ = 1, 3 do client:post("/token", { form = { username = "Counted", password = "wrong" } }) end
    assert.equal(429, client:post("/token", { form = person }).status)
    local page = metrics.scrape(plateia)
    for result, count in pairs { good = 1, refused = 3, throttled = 1, failed = 0 } do
      assert.equal(count, page:get("login_attempts_total", { { "result", result } }), result)
    end
    db:run [[INSERT INTO outbox (channel, recipient, template, data, dead_at)
      SELECT 'log', 'a', 'vote_counted', '{}', now() FROM generate_series(1, 3)]]
    metrics.wait_until("the outbox is looked at", plateia, function(now) return now:get "outbox_dead" == 3 end)
    client:close()
  end)

  local function reload()
    local answer = plateia.admin:post("/scripts/reload", { headers = { ["X-Plateia-Admin"] = "1" } })
    return answer:json()
  end

  it("refuses bad metrics at their place, and good ones outlive a reload", function()
    local client = plateia:client()
    for word, times in pairs { hello = 3, bye = 2 } do
      for _ = 1, times do assert.equal(200, client:get("/greet/" .. word).status) end
    end
    folder:edit("scripts/routes/greet.lua", '"greetings_total"', '"greetings"')
    local told = loop.wait_until("it is refused", 10, function()
      local outcome = reload()
      return outcome.outcome == "refused" and outcome
    end)
    assert.matches("scripts/routes/greet.lua", told.file, 1, true)
    assert.equal(4, told.line)
    assert.matches("metrics.counter: greetings: a counter's name ends in _total", told.reason, 1, true)
    folder:edit("scripts/routes/greet.lua", '"greetings"', '"http_greetings_total"')
    assert.matches("the core's own", reload().reason, 1, true)
    folder:edit("scripts/routes/greet.lua", '"http_greetings_total", "Greetings, by word."',
      '"greetings_total", "Greetings, said better."')
    assert.equal("served", reload().outcome)
    assert.equal(200, client:get("/greet/hello").status)
    local page = metrics.scrape(plateia)
    assert.equal(4, page:get("greetings_total", { { "word", "hello" } }))
    assert.equal(2, page:get("greetings_total", { { "word", "bye" } }))
    assert.matches("# HELP greetings_total Greetings, said better.", page.text, 1, true)
    assert.is_true(page:get("script_reload_total", { { "result", "refused" } }) >= 2)
    assert.is_true(page:get "script_reload_duration_seconds_count" >= 4)
    assert.is_true(math.abs(page:get "script_last_reload_success_timestamp_seconds" - os.time()) < 60)
    folder:remove "scripts/routes/greet.lua"
    loop.wait_until("it is no longer served", 10, function()
      reload()
      return not metrics.scrape(plateia).types.greetings_total
    end)
    client:close()
  end)

  it("takes no name for what was only looked at, or refused", function()
    local client = http.client(plateia.admin_port)
    local function order(query)
      return client:post("/scripts/reload" .. query, { headers = { ["X-Plateia-Admin"] = "1" } })
    end
    local function trial(labels, rest)
      folder:save("scripts/routes/trial.lua", ([[
local metrics = require "plateia.metrics"
metrics.counter("trials_total", "Trials.", { %s })
%s
return {}
]]):format(labels, rest or ""))
    end
    trial [["a"]]
    assert.equal(200, order("?dry_run=1").status)
    assert.is_nil(metrics.scrape(plateia).types.trials_total)
    trial([["a", "b"]], "error 'not yet'")
    assert.equal(409, order("").status)
    assert.is_nil(metrics.scrape(plateia).types.trials_total)
    trial [["a", "b", "c"]]
    local answer = order ""
    assert.equal(200, answer.status, answer.body)
    assert.equal("counter", metrics.scrape(plateia).types.trials_total)
    trial [["a"]]
    assert.equal(409, order("").status) -- it was served: whoever counted it goes on
    folder:remove "scripts/routes/trial.lua"
    assert.equal(200, order("").status)
    client:close()
  end)

  it("does not let labels of what people type grow without end", function()
    local client = plateia:client()
    folder:save("scripts/routes/greet.lua", COUNTS)
    loop.wait_until("it is served again", 10, function()
      reload()
      return client:get("/greet/hello").status == 200
    end)
    for i = 1, 300 do assert.equal(200, client:get("/greet/word" .. i).status) end
    local page, series = metrics.scrape(plateia), 0
    for name in pairs(page.values) do
      if name:find "^greetings_total{" then series = series + 1 end
    end
    assert.equal(129, series)
    assert.is_true(page:get("greetings_total", { { "word", "other" } }) > 100)
    client:close()
  end)

  it("waits for nobody: neither for workers that are stuck, nor for a database that is away", function()
    local stuck = {}
    for i = 1, CLIENTS do
      stuck[i] = assert(http.connect(plateia.port))
      stuck[i]:send "GET /loops HTTP/1.1\r\nHost: a\r\n\r\n"
    end
    local worst = 0
    for _ = 1, 10 do
      local began = loop.now()
      metrics.scrape(plateia)
      worst = math.max(worst, loop.now() - began)
    end
    assert.is_true(worst < 0.3 * loop.patience, ("a scrape took %.3f s"):format(worst))
    for i = 1, CLIENTS do stuck[i]:close() end
    metrics.wait_until("they were stopped", plateia, function(page)
      return page:get("script_killed_total", { { "reason", "time" } }) >= 2
    end)
    db:run [[SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = 'metrics' AND pid <> pg_backend_pid()]]
    local function all_are_there(page)
      for _, class in ipairs { "read", "batch", "lease" } do
        local labels = { { "class", class } }
        if page:get("db_pool_max", labels) ~= page:get("db_pool_available", labels) then return false end
      end
      return true
    end
    metrics.wait_until("all connections are made anew", plateia, function(page) -- the pool's, and who listens
      return page:get "db_reconnects_total" >= 8 and page:get "plateia_ready" == 1 and all_are_there(page)
    end)
  end)

  it("has handlers that rest among its gauges", function()
    local client = plateia:client()
    loop.wait_until("it rests", 20, function()
      client:get "/loops"
      return metrics.scrape(plateia):get "script_quarantined" == 1
    end)
    client:close()
  end)

  -- ---- what is made of it ----

  -- Names of metrics in a query of Prometheus: words that are no function, keyword or label.
  local function names_in(query)
    local names = {}
    query = query:gsub('"[^"]*"', ""):gsub("{[^}]*}", ""):gsub("%[[^%]]*%]", "")
      :gsub("by%s*%b()", ""):gsub("on%s*%b()", "")
    for name, after in query:gmatch "([%a_][%w_]*)%s*(%(?)" do
      if after == "" and name:find "_" then names[#names + 1] = name end
    end
    return names
  end

  local function base_of(page, name)
    if page.types[name] then return name end
    local base = name:gsub("_bucket$", ""):gsub("_sum$", ""):gsub("_count$", "")
    return page.types[base] == "histogram" and base
  end

  local function check_all(queries)
    local page, seen = metrics.scrape(plateia), {}
    for _, query in ipairs(queries) do
      local names = names_in(query)
      assert.is_true(#names > 0 or query:find "^up{" ~= nil, "no metric in " .. query)
      for _, name in ipairs(names) do
        assert.is_truthy(base_of(page, name), ("%s is asked for, and nobody counts it (%s)"):format(name, query))
        seen[base_of(page, name)] = true
      end
    end
    return seen, page
  end

  local function expressions(value, found)
    for key, each in pairs(value) do
      if key == "expr" then found[#found + 1] = each end
      if type(each) == "table" then expressions(each, found) end
    end
    return found
  end

  it("has all that the dashboard shows, and the dashboard shows all of it", function()
    local board = assert(json.decode(process.read_file "packaging/grafana/plateia.json"))
    local seen, page = check_all(expressions(board, {}))
    local own = { plateia_ready = true, greetings_total = true }
    for name in pairs(page.types) do
      assert.is_true(seen[name] or own[name] or false, name .. " is counted, and the dashboard does not show it")
    end
  end)

  it("has all that the alerts ask for, and promtool takes their rules", function()
    local file, queries = process.read_file "packaging/prometheus/plateia.rules.yml", {}
    metrics.promtool "check rules packaging/prometheus/plateia.rules.yml"
    metrics.promtool "check config packaging/prometheus/prometheus.yml"
    for rest in file:gmatch "\n        expr: ([^\n]+)\n" do
      if rest ~= "|" then queries[#queries + 1] = rest end
    end
    for block in file:gmatch "\n        expr: |\n(.-)\n        %a" do queries[#queries + 1] = block end
    local _, rules = file:gsub("%- alert:", "")
    assert.equal(rules, #queries)
    check_all(queries)
  end)
end)
