local field = require "plateia.field"
local http = require "tests.spec.support.http"
local json = require "plateia.json"
local route = require "plateia.route"

local null = json.null
local Echo = field.object { n = field.integer { optional = true }, s = field.string { optional = true },
  b = field.boolean { optional = true } }

-- An asker over one route that answers with what it read.
local function echo(method, template, given, where)
  given.answers = { [200] = Echo }
  given.handler = function(req) return req[where] end
  return http.routes(route[method](template)(given))
end

local function places(answer)
  assert.equal(422, answer.status)
  local list = {}
  for i, problem in ipairs(answer.json.detail) do list[i] = problem.type .. " at " .. table.concat(problem.loc, ".") end
  return list
end

describe("the path", function()
  local ask = echo("get", "/a/{s}/{n}", { path = { n = field.integer {}, s = field.string {} } }, "path")

  it("fills fields by the template's names, not by their order", function()
    assert.same({ n = 7, s = "x", b = null }, ask("GET", "/a/x/7").json)
  end)

  it("is told of as FastAPI does", function()
    local answer = ask("GET", "/a/x/seven")
    assert.equal(422, answer.status)
    assert.same({ { type = "int_parsing", loc = { "path", "n" }, input = "seven",
      msg = "Input should be a valid integer, unable to parse string as an integer" } }, answer.json.detail)
  end)
end)

describe("the query", function()
  local ask = echo("get", "/q", { query = { n = field.integer { default = 20, max = 100 },
    s = field.string { optional = true }, b = field.boolean { optional = true } } }, "query")

  it("is decoded, and has defaults", function()
    assert.same({ n = 20, s = null, b = null }, ask("GET", "/q").json)
    assert.same({ n = 5, s = "a b&c", b = false }, ask("GET", "/q?n=5&s=a+b%26c&b=no").json)
  end)

  it("ignores what the route does not know", function()
    assert.equal(200, ask("GET", "/q?utm_source=x").status)
  end)

  it("is told of in one answer, everything that is wrong", function()
    assert.same({ "less_than_equal at query.n", "bool_parsing at query.b" }, places(ask("GET", "/q?n=101&b=perhaps")))
  end)

  it("that cannot be decoded is a bad request", function()
    for _, query in ipairs { "s=%", "s=%zz", "s=%ff", "s=%00" } do
      assert.equal(400, ask("GET", "/q?" .. query).status, query)
    end
  end)

  it("may be asked for", function()
    local strict = echo("get", "/q", { query = { n = field.integer {} } }, "query")
    assert.same({ "missing at query.n" }, places(strict("GET", "/q")))
    assert.same({ "int_parsing at query.n" }, places(strict("GET", "/q?n=")))
  end)
end)

describe("a JSON body", function()
  local ask = echo("post", "/b",
    { body = { n = field.integer { min = 1 }, s = field.string { optional = true } } }, "body")

  local function send(body, content_type)
    return ask("POST", "/b", { body = body, headers = { ["Content-Type"] = content_type or "application/json" } })
  end

  it("is read by its fields; unknown members are ignored", function()
    assert.same({ n = 3, s = "x", b = null }, send('{"n":3,"s":"x","extra":[1]}').json)
  end)

  it("may come as any JSON type, with parameters, in any case", function()
    for _, name in ipairs { "application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json" } do
      assert.equal(200, send('{"n":3}', name).status, name)
    end
  end)

  it("of another type is refused with the type that is wanted", function()
    for _, name in ipairs { "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "" } do
      local answer = send('{"n":3}', name)
      assert.equal(415, answer.status, name)
      assert.matches("send application/json", answer.json.detail)
    end
    assert.equal(415, ask("POST", "/b", { body = '{"n":3}' }).status)
  end)

  it("that is empty is missing", function()
    assert.same({ "missing at body" }, places(ask("POST", "/b")))
  end)

  it("that is not JSON is told with its place", function()
    for _, body in ipairs { "{", "nope", '{"n":3,}', '{"n":3} x' } do
      local answer = send(body)
      assert.equal(422, answer.status, body)
      assert.equal("json_invalid", answer.json.detail[1].type)
      assert.equal("body", answer.json.detail[1].loc[1])
      assert.equal("integer", math.type(answer.json.detail[1].loc[2]))
    end
  end)

  it("that no reader should see is a bad request", function()
    assert.equal(400, send('{"n":3,"s":"\xff"}').status)
    assert.equal(400, send('{"n":3,"s":"\\u0000"}').status)
    local answer = send(("["):rep(40) .. ("]"):rep(40))
    assert.equal(400, answer.status)
    assert.matches("nested too deeply", answer.json.detail)
  end)

  it("that is no object is told as one problem", function()
    for _, body in ipairs { "[1]", "3", "null", "true", "false", '"x"' } do
      assert.same({ "model_attributes_type at body" }, places(send(body)))
    end
  end)

  it("is read together with the path: one list of all that is wrong", function()
    local both = http.routes(route.put "/b/{id}" { path = { id = field.integer {} }, body = { n = field.integer {} },
      answers = { [200] = Echo }, handler = function() return {} end })
    assert.same({ "int_parsing at path.id", "missing at body.n" }, places(both("PUT", "/b/x", { json = { s = "1" } })))
  end)

  it("has exact integers to 2^53", function()
    assert.equal(9007199254740992, send('{"n":9007199254740992}').json.n)
    assert.same({ "int_parsing_size at body.n" }, places(send('{"n":90071992547409931}')))
    assert.equal(5, send('{"n":5.0}').json.n)
  end)
end)

describe("a form", function()
  local ask = echo("post", "/f",
    { form = { s = field.string { min_length = 2 }, n = field.integer { optional = true } } }, "form")

  it("is read by its fields", function()
    assert.same({ s = "a b", n = 4, b = null }, ask("POST", "/f", { form = "s=a+b&n=4&other=1" }).json)
  end)

  it("takes a parameter without a value as not sent", function()
    assert.same({ s = "xy", n = null, b = null }, ask("POST", "/f", { form = "s=xy&n=" }).json)
    assert.same({ "missing at body.s" }, places(ask("POST", "/f", { form = "s=" })))
  end)

  it("that is empty misses what is asked for", function()
    assert.same({ "missing at body.s" }, places(ask("POST", "/f")))
  end)

  it("of another type is refused", function()
    local answer = ask("POST", "/f", { json = { s = "xy" } })
    assert.equal(415, answer.status)
    assert.matches("came as application/json; send application/x%-www%-form%-urlencoded", answer.json.detail)
  end)

  it("that cannot be decoded is a bad request", function()
    assert.equal(400, ask("POST", "/f", { form = "s=%f" }).status)
  end)
end)

describe("the plan of a route's inputs", function()
  local function refusal(template, given)
    given.answers, given.handler = { [200] = Echo }, function() return {} end
    local fine, why = pcall(http.routes, route.get(template)(given))
    assert.is_false(fine)
    return why
  end

  it("names the same path fields as the template", function()
    assert.matches("input_spec.lua:%d+: GET /a/{id}: path has no field for {id}", refusal("/a/{id}", {}))
    assert.matches("there is no {other} in the path",
      refusal("/a/{id}", { path = { id = field.integer {}, other = field.integer {} } }))
    assert.matches("there is no {id} in the path", refusal("/a", { path = { id = field.integer {} } }))
  end)

  it("reads no lists or objects from text", function()
    assert.matches("query: ids: a list cannot stand in text",
      refusal("/a", { query = { ids = field.list { of = field.integer {} } } }))
  end)
end)
