-- The description of the API, of routes that are made here.

local boot = require "plateia.boot"
local depend = require "plateia.depend"
local fail = require "plateia.fail"
local field = require "plateia.field"
local json = require "tests.spec.support.json"
local route = require "plateia.route"

local signed_in = depend { name = "signed_in", security = "bearer", resolve = function() return {} end }

local Thing = field.object({
  id = field.integer { min = 1 },
  name = field.string { optional = true, max_length = 9, summary = "what it is called", example = "chair" },
}, { name = "Thing" })

local function described(routes, api)
  local text = boot({ api = api, routes = routes }).describe "openapi"
  return json.decode(text), text
end

local function handler() end

local function get(template, given)
  given.answers, given.handler = given.answers or { [200] = Thing }, handler
  return route.get(template)(given)
end

local function post(template, given)
  given.answers, given.handler = given.answers or { [201] = Thing }, handler
  return route.post(template)(given)
end

local function statuses(operation)
  local found = {}
  for status in pairs(operation.responses) do found[#found + 1] = status end
  table.sort(found)
  return table.concat(found, " ")
end

describe("the API's description", function()
  it("names what app.lua says, and an operation for each route", function()
    local found = described({ get("/things", { name = "list_things", summary = "Things", tags = { "things" } }),
      get("/things/{id}", { path = { id = field.integer {} } }) },
      { title = "Shop", version = "2", tags = { { name = "things" } } })
    assert.equal("3.1.0", found.openapi)
    assert.same({ title = "Shop", version = "2" }, found.info)
    assert.same({ { name = "things" } }, found.tags)
    local listed = found.paths["/things"].get
    assert.same({ "list_things", "Things", { "things" } }, { listed.operationId, listed.summary, listed.tags })
    assert.equal("get_things_by_id", found.paths["/things/{id}"].get.operationId)
  end)

  it("is the same text each time", function()
    local routes = { post("/a", { body = { x = field.integer {}, y = field.string {}, z = field.boolean {} } }) }
    local _, first = described(routes)
    for _ = 1, 5 do assert.equal(first, select(2, described(routes))) end
  end)

  it("leaves hidden routes out", function()
    assert.same({}, described({ get("/secret", { hidden = true }) }).paths)
  end)

  it("describes parameters as they are read", function()
    local found = described { get("/things/{id}", { path = { id = field.integer { min = 1 } },
      query = { limit = field.integer { min = 1, max = 9, default = 3 }, word = field.string { optional = true } } }) }
    local parameters = found.paths["/things/{id}"].get.parameters
    assert.same({ "id", "path", true }, { parameters[1].name, parameters[1]["in"], parameters[1].required })
    assert.same({ type = "integer", minimum = 1, maximum = 1 << 53 }, parameters[1].schema)
    local cached = described({ get("/a", { cached = { ttl = 1 } }) })
    assert.equal("#/components/parameters/IfNoneMatch", cached.paths["/a"].get.parameters[1]["$ref"])
    assert.equal("If-None-Match", cached.components.parameters.IfNoneMatch.name)
    assert.same({ "limit", "query", false }, { parameters[2].name, parameters[2]["in"], parameters[2].required })
    assert.same({ type = "integer", minimum = 1, maximum = 9, default = 3 }, parameters[2].schema)
    assert.same({ type = "string" }, parameters[3].schema)
  end)

  it("tells apart what may be left out of a request, and what is null in an answer", function()
    local found = described { post("/things", { body = Thing }) }
    local schemas = found.components.schemas
    assert.same({ "id" }, schemas.ThingInput.required)
    assert.same({ "id", "name" }, schemas.Thing.required)
    assert.same({ type = { "string", "null" }, maxLength = 9, description = "what it is called",
      examples = { "chair" } }, schemas.Thing.properties.name)
    assert.same({ ["$ref"] = "#/components/schemas/ThingInput" },
      found.paths["/things"].post.requestBody.content["application/json"].schema)
  end)

  it("says to those who send an integer how large it may be, and to those who get one what its field says", function()
    local pair = { any = field.integer {}, low = field.integer { min = 1 } }
    local operation = described { post("/a", { body = pair, answers = { [200] = pair } }) }.paths["/a"].post
    local sent = operation.requestBody.content["application/json"].schema.properties
    local given = operation.responses["200"].content["application/json"].schema.properties
    assert.same({ type = "integer", minimum = -(1 << 53), maximum = 1 << 53 }, sent.any)
    assert.same({ type = "integer", minimum = 1, maximum = 1 << 53 }, sent.low)
    assert.same({ type = "integer" }, given.any)
    assert.same({ type = "integer", minimum = 1 }, given.low)
  end)

  it("describes forms, secrets, choices, lists and anything", function()
    local found = described { post("/a", { form = { word = field.string { secret = true },
      kind = field.choice { "x", "y", optional = true } },
      answers = { [200] = { list = field.list { of = Thing, max = 3 }, rest = field.any {} } } }) }
    local operation = found.paths["/a"].post
    local form = operation.requestBody.content["application/x-www-form-urlencoded"].schema
    assert.same({ type = "string", writeOnly = true }, form.properties.word)
    assert.same({ type = "string", enum = { "x", "y" } }, form.properties.kind)
    local answer = operation.responses["200"].content["application/json"].schema
    assert.same({ type = "array", maxItems = 3, items = { ["$ref"] = "#/components/schemas/Thing" } },
      answer.properties.list)
    assert.same({}, answer.properties.rest)
  end)

  it("tells every answer that may come", function()
    local found = described { get("/a", {}), get("/b", { query = { q = field.string {} },
      depends = { user = signed_in }, answers = { [200] = Thing, [404] = fail.Problem } }),
      post("/c", { body = Thing }), get("/d", { cached = { ttl = 1 } }) }
    assert.equal("200 400 429 500 503", statuses(found.paths["/a"].get))
    assert.equal("200 400 401 404 422 429 500 503", statuses(found.paths["/b"].get))
    assert.equal("201 400 411 413 415 422 429 500 503", statuses(found.paths["/c"].post))
    assert.equal("200 304 400 429 500 503", statuses(found.paths["/d"].get))
    assert.equal("#/components/responses/Unauthorized", found.paths["/b"].get.responses["401"]["$ref"])
    assert.equal("#/components/headers/ETag", found.paths["/d"].get.responses["200"].headers.ETag["$ref"])
  end)

  it("has HEAD beside GET, with the same statuses and no body", function()
    local found = described { get("/b", { name = "get_b", query = { q = field.string {} },
      answers = { [200] = Thing, [404] = fail.Problem } }), post("/b", {}) }
    local head = found.paths["/b"].head
    assert.equal("head_get_b", head.operationId)
    assert.same(found.paths["/b"].get.parameters, head.parameters)
    assert.equal("200 400 404 422 429 500 503", statuses(head))
    for status, answer in pairs(head.responses) do
      assert.is_nil(answer.content, status)
      assert.is_table(answer.headers["X-Request-Id"], status)
    end
    assert.is_table(head.responses["503"].headers["Retry-After"])
  end)

  it("makes examples of what the fields say, for bodies and answers", function()
    local Shelf = field.object({ things = field.list { of = field.object { name = field.string { example = "chair" },
      note = field.string { optional = true } } }, kind = field.choice { "a", "b" } }, { name = "Shelf" })
    local found = described { post("/s", { body = Shelf, answers = { [201] = Shelf, [200] = Thing } }) }
    local operation = found.paths["/s"].post
    assert.same({ things = { { name = "chair" } }, kind = "a" },
      operation.requestBody.content["application/json"].example)
    assert.same({ things = { { name = "chair", note = json.null } }, kind = "a" },
      operation.responses["201"].content["application/json"].example)
    assert.is_nil(operation.responses["200"].content["application/json"].example) -- nobody says what an id looks like
  end)

  it("gives a parameter that must be there its example, where a form takes it from", function()
    local found = described { get("/t/{id}", { path = { id = field.integer { example = 7 } },
      query = { word = field.string { optional = true, example = "x" } } }) }
    local parameters = found.paths["/t/{id}"].get.parameters
    assert.equal(7, parameters[1].example)
    assert.is_nil(parameters[2].example)
    assert.same({ "x" }, parameters[2].schema.examples)
  end)

  it("tells a failure in the route's own words, with what comes along", function()
    local found = described { get("/b", { answers = { [200] = Thing, [404] = fail.problem("no such thing"),
      [409] = fail.problem("not now", { again = field.string { optional = true, example = "later" } }) } }) }
    local responses = found.paths["/b"].get.responses
    local plain = responses["404"].content["application/json"]
    assert.same({ ["$ref"] = "#/components/schemas/Problem" }, plain.schema)
    assert.same({ detail = "no such thing", generation = 1 }, plain.example)
    local more = responses["409"].content["application/json"]
    assert.same({ type = "string", examples = { "later" } }, more.schema.properties.again)
    assert.same({ "detail" }, more.schema.required)
    assert.same({ detail = "not now", generation = 1, again = "later" }, more.example)
    local details = responses["409"].content["application/problem+json"].example
    assert.same({ 409, "Conflict", "later" }, { details.status, details.title, details.again })
  end)

  it("shows what a stream sends", function()
    local found = described { route.get "/news" { stream = "news", events = { news = Thing,
      word = field.object { text = field.string { example = "hi" } } } } }
    local answer = found.paths["/news"].get.responses["200"].content["text/event-stream"]
    assert.same({ "id", "name" }, answer.schema["x-events"].news.required)
    assert.matches('event: hello\ndata: {.-"stream":"news"}\n\n', answer.example)
    assert.matches('id: %x+%-1\nevent: word\ndata: {"text":"hi"}\n\n$', answer.example)
    assert.is_table(found.paths["/news"].get.responses["406"])
  end)

  it("says how one signs in, and where one must", function()
    local scheme = { type = "oauth2", flows = { password = { tokenUrl = "/token", scopes = {} } } }
    local found = described({ get("/a", {}), get("/b", { depends = { user = signed_in } }) },
      { securities = { bearer = scheme } })
    assert.same(scheme, found.components.securitySchemes.bearer)
    assert.same({}, found.paths["/a"].get.security)
    assert.same({ { bearer = {} } }, found.paths["/b"].get.security)
  end)

  it("refuses two operations of one name, and names that are none", function()
    local fine, why = pcall(described, { get("/a", { name = "x" }), get("/b", { name = "x" }) })
    assert.is_false(fine)
    assert.matches('api_spec.lua:%d+: GET /b: the name "x" is GET /a\'s already', why)
    assert.is_false(pcall(get, "/a", { name = "not a name" }))
    assert.is_false(pcall(described, {}, { titel = "x" }))
  end)
end)
