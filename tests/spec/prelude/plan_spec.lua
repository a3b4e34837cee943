local depend = require "plateia.depend"
local fail = require "plateia.fail"
local field = require "plateia.field"
local http = require "tests.spec.support.http"
local route = require "plateia.route"

local trace

local function step(name, given)
  given = given or {}
  given.name = name
  given.resolve = given.resolve or function() trace[#trace + 1] = name; return name end
  return depend(given)
end

local function ask(declaration, target, template)
  declaration.answers = { [200] = { seen = field.string { optional = true } } }
  return http.routes(route.get(template or "/x")(declaration))("GET", target or "/x")
end

describe("depends", function()
  before_each(function() trace = {} end)

  it("give the handler their results under the route's keys", function()
    local answer = ask { depends = { user = step "ana", other = step "bob" },
      handler = function(req) return { seen = req.user .. " " .. req.other } end }
    assert.equal("ana bob", answer.json.seen)
  end)

  it("are resolved once a request, however many need them", function()
    local shared = step "shared"
    local a = step("a", { depends = { s = shared } })
    local b = step("b", { depends = { s = shared, a = a } })
    ask { depends = { x = a, y = b, z = shared }, handler = function() return {} end }
    assert.same({ "shared", "a", "b" }, trace)
  end)

  it("get the results of those they need, under their own keys", function()
    local shared = step "shared"
    local user = step("user", { depends = { base = shared },
      resolve = function(_, got) return got.base .. "!" end })
    local answer = ask { depends = { user = user }, handler = function(req) return { seen = req.user } end }
    assert.equal("shared!", answer.json.seen)
  end)

  it("are not shared between requests", function()
    local count = 0
    local user = step("user", { resolve = function() count = count + 1; return tostring(count) end })
    local asked = http.routes(route.get "/x" { depends = { user = user },
      answers = { [200] = { seen = field.string {} } }, handler = function(req) return { seen = req.user } end })
    assert.equal("1", asked("GET", "/x").json.seen)
    assert.equal("2", asked("GET", "/x").json.seen)
  end)

  describe("with a security", function()
    local function refusing()
      return step("guard", { security = "bearer",
        resolve = function() trace[#trace + 1] = "guard"; return fail.unauthorized "who are you?" end })
    end

    local function given(depends)
      return { path = { id = field.integer {} }, depends = depends,
        handler = function() return {} end }
    end

    it("come before the request is read, the others after", function()
      local answer = ask(given { a = step "a", guard = refusing() }, "/x/none", "/x/{id}")
      assert.equal(401, answer.status)
      assert.same({ "guard" }, trace)
      assert.equal(422, ask(given { a = step "a" }, "/x/none", "/x/{id}").status)
      assert.same({ "guard" }, trace)
    end)

    it("come first though only another depend needs them", function()
      local admin = step("admin", { depends = { user = refusing() } })
      assert.equal(401, ask(given { admin = admin }, "/x/none", "/x/{id}").status)
      assert.same({ "guard" }, trace)
    end)

    it("come behind what they need themselves", function()
      local keys = step "keys"
      local guard = step("guard", { security = "bearer", depends = { keys = keys } })
      ask(given { a = step "a", guard = guard }, "/x/1", "/x/{id}")
      assert.same({ "keys", "guard", "a" }, trace)
    end)
  end)

  it("end the request where they fail, before the handler", function()
    local reached = false
    local answer = ask { depends = { a = step("a", { resolve = function() return fail.forbidden "no" end }) },
      handler = function() reached = true; return {} end }
    assert.equal(403, answer.status)
    assert.is_false(reached)
  end)
end)
