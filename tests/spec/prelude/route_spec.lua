local depend = require "plateia.depend"
local field = require "plateia.field"
local route = require "plateia.route"

local Thing = field.object { id = field.integer {} }
local answers = { [200] = Thing }

local function handler() return { id = 1 } end

-- A good declaration with changes; false takes a key away.
local function changed(changes)
  local given = { answers = { [200] = Thing }, handler = handler }
  for key, value in pairs(changes) do given[key] = value or nil end
  return given
end

local function refusal(method, template, given)
  local fine, why = pcall(function() return (route[method](template)(given)) end)
  assert.is_false(fine)
  return why
end

describe("a route", function()
  it("knows where it was declared, though its declaration is a tail call", function()
    local line = debug.getinfo(1, "l").currentline + 2
    local function file()
      return route.post "/things" {
        answers = answers,
        handler = handler,
      }
    end
    local declared = file()
    assert.equal("POST", declared.method)
    assert.equal("/things", declared.template)
    assert.matches("tests/spec/prelude/route_spec.lua:" .. line .. "$", declared.file_line)
  end)

  it("has five methods", function()
    for _, method in ipairs { "get", "post", "put", "patch", "delete" } do
      assert.equal(method:upper(), route[method] "/x" (changed {}).method)
    end
    assert.has_error(function() return route.head "/x" end,
      "there is no route.head; there are: delete, get, patch, post, put")
  end)

  it("refuses a key that means nothing, and lists those that do", function()
    local why = refusal("get", "/x", changed { anwsers = {} })
    assert.matches("route_spec.lua:%d+: GET /x: there is no key \"anwsers\"; there are: answers, body, cached", why)
  end)

  it("needs a handler and a good answer", function()
    assert.matches("handler is missing", refusal("get", "/x", changed { handler = false }))
    assert.matches("no good answer", refusal("get", "/x", changed { answers = false }))
    assert.matches("no good answer", refusal("get", "/x", changed { answers = { [404] = Thing } }))
    assert.matches("99 is not a status", refusal("get", "/x", changed { answers = { [99] = Thing } }))
    assert.matches("answers%[200%] is not a form", refusal("get", "/x", changed { answers = { [200] = "text" } }))
    assert.matches("handler is a function, not a string", refusal("get", "/x", changed { handler = "f" }))
  end)

  it("starts with a slash", function()
    assert.matches("starts with", refusal("get", "x", changed {}))
    local _, why = pcall(function() return (route.get("/x", changed {})) end)
    assert.matches("route_spec.lua:%d+: route.get: without a comma: route.get \"/x\" { ... }", why)
    assert.has_error(function() route.get(nil) end)
  end)

  it("takes a plain table of fields as the form of an answer or a body", function()
    local declared = route.post "/x" (changed { body = { id = field.integer {} },
      answers = { [201] = { id = field.integer {} } } })
    assert.equal("object", declared.body.kind)
    assert.equal("object", declared.answers[201].kind)
    assert.matches("route_spec.lua:%d+: field.object", refusal("post", "/x", changed { body = { id = 5 } }))
  end)

  it("reads one body", function()
    local fields = { a = field.string {} }
    assert.matches("not both", refusal("post", "/x", changed { body = fields, form = fields }))
    assert.matches("GET takes no body", refusal("get", "/x", changed { body = fields }))
    assert.matches("GET takes no body", refusal("get", "/x", changed { form = fields }))
  end)

  it("takes depends that are depends, under names of their own", function()
    local user = depend { name = "user", resolve = function() return 1 end }
    assert.is_truthy(route.get "/x" (changed { depends = { user = user } }))
    assert.matches("each has a name: depends = { user = signed_in }",
      refusal("get", "/x", changed { depends = { user } }))
    assert.matches("depends.user is not a depend", refusal("get", "/x", changed { depends = { user = {} } }))
    assert.matches("would hide the request's own query", refusal("get", "/x", changed { depends = { query = user } }))
    assert.matches("would hide the request's own id", refusal("get", "/x", changed { depends = { id = user } }))
  end)

  it("is kept in the cache only where it is the same for everyone", function()
    local user = depend { name = "user", resolve = function() return 1 end }
    local rule = { ttl = 300 }
    assert.is_truthy(route.get "/x" (changed { cached = rule }))
    assert.matches("only GET", refusal("post", "/x", changed { cached = rule }))
    assert.matches("no depends", refusal("get", "/x", changed { cached = rule, depends = { user = user } }))
    assert.matches("ttl is missing", refusal("get", "/x", changed { cached = {} }))
    assert.matches("there is no key \"time\"", refusal("get", "/x", changed { cached = { time = 1 } }))
  end)
end)

describe("a depend", function()
  it("is checked when it is declared", function()
    local function resolve() end
    for _, case in ipairs {
      { {}, "name is missing" },
      { { name = "a" }, "resolve is missing" },
      { { name = "a", resolve = resolve, security = true }, "security is a string" },
      { { name = "a", resolve = resolve, scope = "x" }, "there is no key \"scope\"" },
      { { name = "a", resolve = resolve, depends = { b = {} } }, "depends.b is not a depend" },
      { "text", "a table was expected" },
    } do
      local fine, why = pcall(depend, case[1])
      assert.is_false(fine)
      assert.matches(case[2], why)
    end
  end)
end)
