-- What the description promises, held against requests made from it, good ones and bad ones: no answer is a fault of
-- the server's, each status is one that is described, and each body is what is described for it.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local jsonschema = require "support.jsonschema"
local server = require "support.server"

local COUNT = 200
local seed = tonumber(os.getenv "PLATEIA_TEST_SEED") or 1 -- others find other requests

describe("requests made from the API's description:", function()
  local plateia, client, document, checker, users, db

  setup(function()
    db = database.cluster():create "properties"
    plateia = server.start { database = db }
    client = plateia:client()
    document = client:get("/openapi.json"):json()
    checker = jsonschema.checker(document, http.null)
    users = crowd.make(db, server.SECRET, "property", 20)
    math.randomseed(seed)
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  -- Of an ETag that was seen, or of none.
  local tags = { '"nothing"', "*", 'W/"a", "b"', "no tag" }
  local function pick_tag() return tags[math.random(#tags)] end

  -- Headers go into `headers`.
  local function target(path, operation, headers)
    local query = {}
    for _, parameter in ipairs(operation.parameters or {}) do
      parameter = checker.resolved(checker, parameter)
      local text = checker:text(parameter.schema)
      if parameter["in"] == "path" then
        if text == "" then text = "1" end -- another path
        path = path:gsub("{" .. parameter.name .. "}", (http.escape(text):gsub("%%", "%%%%")))
      elseif parameter["in"] == "header" then
        if math.random() < 0.3 then headers[parameter.name] = pick_tag() end
      elseif math.random() < 0.7 then
        query[#query + 1] = parameter.name .. "=" .. http.escape(text)
      end
    end
    return path .. (query[1] and "?" .. table.concat(query, "&") or "")
  end

  local function body(operation, options)
    local content = operation.requestBody and operation.requestBody.content
    if not content then return end
    local luck = math.random()
    if luck < 0.05 then options.body = "{not json" return end
    if luck < 0.10 then return end
    if content["application/json"] then
      options.json = checker:value(content["application/json"].schema)
    else
      local form = checker.resolved(checker, content["application/x-www-form-urlencoded"].schema)
      options.form = {}
      for name, part in jsonschema.sorted(form.properties) do
        if math.random() < 0.85 then options.form[name] = checker:text(part) end
      end
    end
  end

  local function token(operation)
    if not operation.security[1] then return nil end
    local luck = math.random()
    if luck < 0.1 then return nil end
    return luck < 0.2 and "nonsense" or users[math.random(#users)].token
  end

  local function judge(said, operation, answer)
    assert.is_true(answer.status < 500, said)
    local described = operation.responses[tostring(answer.status)]
    assert.is_table(described, said .. " is not described")
    described = checker.resolved(checker, described)
    assert.is_string(answer.headers["x-request-id"], said)
    if not described.content then return assert.equal("", answer.body, said) end
    local kind = described.content[answer.headers["content-type"]]
    assert.is_table(kind, said .. ": " .. tostring(answer.headers["content-type"]))
    local fine, why = checker:check(kind.schema, answer:json())
    assert.is_true(fine, said .. ": " .. tostring(why) .. " in " .. answer.body)
  end

  local function run(method, path, operation)
    local seen = {}
    for _ = 1, COUNT do
      local options = { token = token(operation), headers = {} }
      checker.odd = math.random() < 0.4 and 0 or 0.4
      if math.random() < 0.2 then options.headers.Accept = "application/problem+json" end
      body(operation, options)
      local where = target(path, operation, options.headers)
      local answer = client:ask(method:upper(), where, options)
      seen[answer.status] = true
      if answer.headers.etag then tags[1] = answer.headers.etag end
      judge(("seed %d: %s %s -> %d"):format(seed, method:upper(), where:sub(1, 200), answer.status), operation, answer)
    end
    return seen
  end

  it("each operation answers as described", function()
    local operations = 0
    for path, methods in jsonschema.sorted(document.paths) do
      for method, operation in jsonschema.sorted(methods) do
        local content = operation.responses["200"] and operation.responses["200"].content or {}
        if not content["text/event-stream"] then -- an answer without end
          operations = operations + 1
          local seen = run(method, path, operation)
          assert.is_true(seen[200] or seen[201] or seen[401], ("%s %s never went well"):format(method, path))
        end
      end
    end
    assert.is_true(operations >= 8)
    plateia:check_output()
  end)

  it("none of them has harmed the server, or counted a vote twice", function()
    assert.equal(200, client:get("/movies/1").status)
    assert.equal(0, db:value "SELECT count(*) FROM (SELECT FROM votes GROUP BY user_id HAVING count(*) > 1) AS twice")
  end)
end)
