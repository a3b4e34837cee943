-- What `plateia routes` shows, as the prelude makes it.

local boot = require "plateia.boot"
local depend = require "plateia.depend"
local field = require "plateia.field"
local raw = require "plateia.raw"
local route = require "plateia.route"

local form = { [200] = field.object { n = field.integer {} } }

local function listed(routes)
  return raw.json.decode(boot({ routes = routes }).describe "routes")
end

describe("the list of routes", function()
  it("stands in the order of paths and methods", function()
    local names = {}
    for i, each in ipairs(listed {
      route.post "/b" { answers = form, handler = print },
      route.get "/b" { answers = form, handler = print },
      route.get "/a/{id}" { path = { id = field.integer {} }, answers = form, handler = print },
    }) do names[i] = each.method .. " " .. each.path end
    assert.same({ "GET /a/{id}", "GET /b", "POST /b" }, names)
  end)

  it("says who may, what is kept, its name and its place", function()
    local bearer = depend { name = "me", security = "bearer", resolve = print }
    local key = depend { name = "key", security = "api_key", depends = { me = bearer }, resolve = print }
    local list = listed {
      route.get "/a" { name = "first", answers = form, handler = print, cached = { ttl = 30 } },
      route.get "/b/{id}" { path = { id = field.integer {} }, depends = { key = key }, answers = form,
        handler = print },
    }
    assert.equal("first", list[1].name)
    assert.equal("open", list[1].who)
    assert.equal(30, list[1].cached)
    assert.matches("routes_spec.lua:%d+$", list[1].place)
    assert.equal("get_b_by_id", list[2].name)
    assert.equal("api_key, bearer", list[2].who)
    assert.equal(raw.json.null, list[2].cached)
  end)

  it("is a list where there is none", function()
    assert.equal("[]", boot({ routes = {} }).describe "routes")
  end)
end)
