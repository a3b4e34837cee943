local fail = require "plateia.fail"
local field = require "plateia.field"
local http = require "tests.spec.support.http"
local route = require "plateia.route"
local world = require "tests.spec.support.world"

local Thing = field.object { id = field.integer {}, name = field.string { optional = true } }

local function ask(handler, answers)
  return http.routes(route.post "/x" { answers = answers or { [200] = Thing, [201] = Thing, [204] = field.nothing },
    handler = handler })("POST", "/x")
end

before_each(world.reset)

describe("an answer", function()
  it("is what the handler returned, 200 and JSON", function()
    local answer = ask(function() return { id = 1, name = "A", secret = "s" } end)
    assert.equal(200, answer.status)
    assert.equal('{"id":1,"name":"A"}', answer.text)
    assert.equal("application/json", answer.content_type)
  end)

  it("takes a status and headers of its own", function()
    local answer = ask(function(req)
      req:set_header("X-One", "1")
      return { id = 1 }, 201, { Location = "/x/1" }
    end)
    assert.equal(201, answer.status)
    assert.same({ "/x/1", "1" }, { answer.headers.location, answer.headers["x-one"] })
  end)

  it("that is a Problem is worded by the core", function()
    local answer = ask(function() return { detail = "gone" }, 410 end, { [200] = Thing, [410] = fail.Problem })
    assert.equal(410, answer.status)
    assert.same({ detail = "gone" }, answer.json) -- without a null for the number, which the core writes
  end)

  it("may be empty where the route says so", function()
    local answer = ask(function() return nil, 204 end)
    assert.equal(204, answer.status)
    assert.is_nil(answer.text)
    assert.is_nil(answer.content_type)
  end)

  for name, case in pairs {
    ["misses a field"] = { function() return { name = "A" } end, "answer.id is missing" },
    ["has a field of the wrong kind"] = { function() return { id = "1" } end, "answer.id is a string, not an integer" },
    ["is nothing"] = { function() end, "the handler returned nil" },
    ["is something where nothing is declared"] = { function() return {}, 204 end, "answer is a table, not nil" },
    ["has a status that is not declared"] = { function() return { id = 1 }, 202 end, "status 202 is not declared" },
  } do
    it("that " .. name .. " is a 500, and a line that says where", function()
      local answer = ask(case[1])
      assert.equal(500, answer.status)
      assert.same({ detail = "internal error; request request-1" }, answer.json)
      assert.equal("error", world.logged[1].level)
      assert.equal("POST /x", world.logged[1].fields.route)
      assert.matches(case[2], world.logged[1].fields.reason, 1, true)
    end)
  end

  it("that is no text is a 500", function()
    assert.equal(500, ask(function() return { id = 1, name = "\xff" } end).status)
  end)
end)

describe("a failure", function()
  it("becomes an answer, and no line of the log", function()
    local answer = ask(function() return fail.conflict("taken", { by = "ana" }) end)
    assert.equal(409, answer.status)
    assert.same({ detail = "taken", by = "ana" }, answer.json)
    assert.same({}, world.logged)
  end)

  it("keeps headers that were set before", function()
    local answer = ask(function(req)
      req:set_header("Cache-Control", "no-store")
      return fail.unauthorized "no"
    end)
    assert.equal("no-store", answer.headers["cache-control"])
    assert.equal("Bearer", answer.headers["www-authenticate"])
  end)

  it("that asks for patience carries Retry-After", function()
    for _, code in ipairs { "busy", "unknown", "timeout" } do
      local answer = ask(function() return fail[code]() end)
      assert.equal(503, answer.status)
      assert.equal("1", answer.headers["retry-after"])
      assert.is_string(answer.json.detail)
    end
  end)

  it("that is nobody's choice has a line as well, and one of a crowd has none", function()
    for code, lines in pairs { timeout = 1, unknown = 1, busy = 0 } do
      local before = #world.logged
      assert.equal("why", ask(function() return fail[code] "why" end).json.detail)
      assert.equal(lines, #world.logged - before)
      if lines > 0 then assert.equal("why", world.logged[#world.logged].fields.reason) end
    end
  end)

  it("of the house tells its reason to the log only", function()
    local answer = ask(function() return fail.error "relation \"x\" does not exist" end)
    assert.same({ detail = "internal error; request request-1" }, answer.json)
    assert.equal("relation \"x\" does not exist", world.logged[1].fields.reason)
    assert.matches("pipeline_spec.lua:%d+", world.logged[1].fields.file)
  end)
end)

describe("a bug", function()
  it("is a 500 for the client and a traceback for the log", function()
    local answer = ask(function(req) return req.body.field end)
    assert.equal(500, answer.status)
    assert.same({ detail = "internal error; request request-1" }, answer.json)
    assert.equal(1, #world.logged)
    assert.matches("attempt to index", world.logged[1].fields.reason)
    assert.matches("stack traceback", world.logged[1].fields.reason)
  end)

  it("may raise anything", function()
    for _, value in ipairs { {}, 42, true } do
      assert.equal(500, ask(function() error(value) end).status)
    end
    assert.equal(500, ask(function() error() end).status)
  end)
end)

describe("the request that a handler sees", function()
  local function seen(look, given)
    local out
    local handler = function(req) out = look(req); return { id = 1 } end
    http.routes(route.get "/x" { answers = { [200] = Thing }, handler = handler })("GET", "/x", given)
    return out
  end

  it("has an id, a peer and headers in any case", function()
    assert.equal("request-1", seen(function(req) return req.id end))
    assert.equal("192.0.2.1", seen(function(req) return req:peer() end))
    local given = { headers = { ["Accept-Language"] = "pt" } }
    assert.equal("pt", seen(function(req) return req:header "accept-LANGUAGE" end, given))
    assert.is_nil(seen(function(req) return req:header "X-None" end))
  end)

  it("has what is to be handed on to whom it calls", function()
    local function traced(req) return table.pack(req:traceparent()) end
    local given = { headers = { traceparent = "a parent", tracestate = "a=1" } }
    assert.same({ "a parent", "a=1", n = 2 }, seen(traced, given))
    assert.matches("^00%-1+%-2+%-00$", seen(traced)[1])
  end)

  it("has no inputs that the route does not declare", function()
    for _, name in ipairs { "path", "query", "body", "form", "user" } do
      assert.is_nil(seen(function(req) return req[name] end), name)
    end
  end)

  it("cannot split an answer by a header", function()
    assert.equal(500, ask(function(req) req:set_header("X", "a\r\nSet-Cookie: b"); return { id = 1 } end).status)
  end)
end)
