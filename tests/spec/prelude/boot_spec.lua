local boot = require "plateia.boot"
local depend = require "plateia.depend"
local field = require "plateia.field"
local route = require "plateia.route"
local world = require "tests.spec.support.world"

local user = depend { name = "user", security = "bearer", resolve = function() return {} end }

local function get(template, given)
  given = given or {}
  given.answers, given.handler = { [200] = { id = field.integer {} } }, function() return { id = 1 } end
  return route.get(template)(given)
end

local function refusal(app)
  local fine, why = pcall(boot, app)
  assert.is_false(fine)
  return why
end

before_each(world.reset)

describe("boot", function()
  it("gives the core what it runs", function()
    local booted = boot { routes = { get "/a", { get "/b", get "/c" } } }
    local paths = {}
    for i, item in ipairs(booted.routes) do
      paths[i] = item.method .. " " .. item.path
      assert.is_function(item.run)
      assert.matches("boot_spec.lua:%d+$", item.file_line)
    end
    assert.same({ "GET /a", "GET /b", "GET /c" }, paths)
    assert.is_nil(booted.seed)
    assert.is_nil(booted.import)
  end)

  it("refuses what is no route", function()
    assert.matches("^scripts/app.lua:11: routes: entry 2 is no declaration", refusal { routes = { get "/a", { {} } } })
    assert.matches("^scripts/app.lua:10: app.lua: routes is a table, not a string", refusal { routes = "routes" })
  end)

  it("refuses keys that it does not know", function()
    assert.matches("app.lua: there is no key \"route\"", refusal { route = {} })
    assert.matches("app.lua: a table was expected", refusal(nil))
  end)

  it("refuses two routes of one shape, and names both places", function()
    local why = refusal { routes = { get("/a/{x}", { path = { x = field.integer {} } }),
      get("/a/{y}", { path = { y = field.integer {} } }) } }
    assert.matches("boot_spec.lua:%d+: GET /a/{y}: stands already at .*boot_spec.lua:%d+", why)
  end)

  it("keeps routes that are required", function()
    local why = "^scripts/app.lua:%d: required: there is no route "
    assert.matches(why:format(16) .. "GET /b", refusal { routes = { get "/a" }, required = { ["GET /b"] = "open" } })
    assert.matches(why:format(19) .. "GET /me$",
      refusal { routes = { get "/a" }, required = { ["GET /me/votes"] = "bearer", ["GET /me"] = "bearer" } })
    assert.is_truthy(boot { routes = { get "/a" }, required = { ["GET /a"] = "open" } })
  end)

  it("keeps their login, wherever among the depends it stands", function()
    local required = { ["GET /a"] = "bearer" }
    assert.matches("boot_spec.lua:%d+: GET /a: app.lua requires the security \"bearer\"",
      refusal { routes = { get "/a" }, required = required })
    local admin = depend { name = "admin", depends = { user = user }, resolve = function() return {} end }
    assert.is_truthy(boot { routes = { get("/a", { depends = { user = user } }) }, required = required })
    assert.is_truthy(boot { routes = { get("/a", { depends = { admin = admin } }) }, required = required })
  end)
end)

describe("an import", function()
  local function booted(import)
    return boot { adapters = { { name = "beta" }, { name = "alpha" } }, import = import }
  end

  it("finds the adapter by its name and hands on text and progress", function()
    local got
    local app = booted(function(...) got = table.pack(...); return "done" end)
    assert.equal("done", app.import("alpha", "text"))
    assert.same({ "alpha", "text" }, { got[1].name, got[2] })
    got[3](1, 2, "records")
    assert.same({ { 1, 2, "records" } }, world.progress)
  end)

  it("names the adapters there are where there is none of that name", function()
    local report, why = booted(function() end).import("gamma")
    assert.is_nil(report)
    assert.equal("there is no adapter \"gamma\"; there are: alpha, beta", why)
  end)

  it("needs adapters with names of their own", function()
    assert.matches("^scripts/app.lua:14: adapters: two are called \"a\"",
      refusal { adapters = { { name = "a" }, { name = "a" } }, import = boot })
    assert.matches("entry 1 has no name", refusal { adapters = { {} }, import = boot })
  end)
end)

describe("a seed", function()
  it("is run with the core's progress", function()
    local app = boot { seed = function(progress) progress(1, 1, "things"); return "filled" end }
    assert.equal("filled", app.seed())
    assert.same({ { 1, 1, "things" } }, world.progress)
  end)
end)
