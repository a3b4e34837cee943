local cached = require "plateia.cached"
local fail = require "plateia.fail"
local field = require "plateia.field"
local http = require "tests.spec.support.http"
local route = require "plateia.route"
local world = require "tests.spec.support.world"

local runs, body

-- An asker over a cached route whose handler counts its runs.
local function asker(handler)
  return http.routes(route.get "/top" {
    query = { limit = field.integer { default = 10 }, period = field.string { optional = true } },
    cached = { ttl = 300, fresh = 0.25, stale = 3600, drop_on = { "ranking.changed" } },
    answers = { [200] = { text = field.string {} } },
    handler = handler or function() runs = runs + 1; return { text = body } end,
  })
end

before_each(function()
  world.reset()
  runs, body = 0, "one"
end)

describe("a cached route", function()
  it("runs its handler once for the same inputs", function()
    local ask = asker()
    local first, second = ask("GET", "/top"), ask("GET", "/top?limit=10")
    assert.equal(1, runs)
    assert.equal(first.text, second.text)
    assert.equal('{"text":"one"}', second.text)
    assert.equal(first.headers.etag, second.headers.etag)
  end)

  it("runs it anew for others", function()
    local ask = asker()
    for _, target in ipairs { "/top", "/top?limit=11", "/top?period=", "/top?period=nil" } do ask("GET", target) end
    assert.equal(4, runs)
  end)

  it("never keeps what does not fit the route's inputs", function()
    assert.equal(422, asker()("GET", "/top?limit=x").status)
    assert.same({}, world.cache)
  end)

  it("tells how old the answer is, and that it is to be asked about", function()
    local ask = asker()
    assert.equal("0", ask("GET", "/top").headers.age)
    world.time = world.time + 7.9
    local answer = ask("GET", "/top")
    assert.equal("7", answer.headers.age)
    assert.equal("public, no-cache", answer.headers["cache-control"])
    assert.matches('^"%x+"$', answer.headers.etag)
    assert.equal(34, #answer.headers.etag)
  end)

  it("runs its handler again when its time is over", function()
    local ask = asker()
    ask("GET", "/top")
    world.time, body = world.time + 301, "two"
    local answer = ask("GET", "/top")
    assert.equal('{"text":"two"}', answer.text)
    assert.equal("0", answer.headers.age)
  end)

  it("runs it again after its event, but not in a storm of events", function()
    local cache, ask = require "plateia.cache", asker()
    local before = ask("GET", "/top").headers.etag
    cache.drop "ranking.changed"
    body = "two"
    world.time = world.time + 0.1
    assert.equal('{"text":"one"}', ask("GET", "/top").text)
    world.time = world.time + 0.2
    local answer = ask("GET", "/top")
    assert.equal('{"text":"two"}', answer.text)
    assert.not_equal(before, answer.headers.etag)
  end)

  it("answers 304 to who has it already", function()
    local ask = asker()
    local first = ask("GET", "/top")
    local answer = ask("GET", "/top", { headers = { ["If-None-Match"] = first.headers.etag } })
    assert.equal(304, answer.status)
    assert.is_nil(answer.text)
    assert.same({ first.headers.etag, "public, no-cache" }, { answer.headers.etag, answer.headers["cache-control"] })
  end)

  it("gives the old answer while another asker fills", function()
    local ask = asker()
    ask("GET", "/top")
    world.time = world.time + 400
    for _, entry in pairs(world.cache) do entry.filling = true end
    assert.equal('{"text":"one"}', ask("GET", "/top").text)
    assert.equal(1, runs)
  end)

  it("waits while another asker makes what is not there yet", function()
    local ask = asker()
    ask("GET", "/top")
    local key, entry = next(world.cache)
    world.cache[key] = { filling = true }
    local wait, waited = world.wait, 0
    world.wait = function()
      waited = waited + 1
      if waited == 3 then world.cache[key] = entry end
    end
    local answer = ask("GET", "/top")
    world.wait = wait
    assert.equal(3, waited)
    assert.equal('{"text":"one"}', answer.text)
    assert.equal("plateia; fwd=miss; collapsed; ttl=300", answer.headers["cache-status"])
    assert.equal(1, runs)
  end)

  it("is 503 where the answer could not be made again and again", function()
    world.cache_fails = true
    local answer = asker()("GET", "/top")
    assert.equal(503, answer.status)
    assert.equal("1", answer.headers["retry-after"])
    assert.equal(0, runs)
  end)

  it("says in Cache-Status where the answer comes from", function()
    local ask = asker()
    local function status() return ask("GET", "/top").headers["cache-status"] end
    assert.equal("plateia; fwd=miss; stored; ttl=300", status())
    world.time = world.time + 10.5
    assert.equal("plateia; hit; ttl=289", status())
    world.time = world.time + 300
    for _, entry in pairs(world.cache) do entry.filling = true end
    assert.equal("plateia; hit; ttl=-11", status())
    for _, entry in pairs(world.cache) do entry.filling = nil end
    assert.equal("plateia; fwd=stale; stored; ttl=300", status())
  end)

  for name, handler in pairs {
    fails = function() return fail.busy() end,
    ["is a bug"] = function() error "oh" end,
    ["does not fit"] = function() return {} end,
    ["has a status of its own"] = function() return { text = "x" }, 201 end,
    ["has headers of its own"] = function() return { text = "x" }, 200, { X = "1" } end,
  } do
    it("keeps nothing of an answer that " .. name .. ", and lets the next asker try", function()
      local answer = asker(handler)("GET", "/top")
      assert.is_true(answer.status >= 500)
      assert.is_nil(answer.headers.etag)
      for _, entry in pairs(world.cache) do
        assert.is_nil(entry.filling)
        assert.is_nil(entry.value)
      end
    end)
  end

  it("answers all the same when the cache does not take it", function()
    world.cache_full = true
    local answer = asker()("GET", "/top")
    assert.equal('{"text":"one"}', answer.text)
    assert.equal("plateia; fwd=miss", answer.headers["cache-status"])
    assert.equal("warn", world.logged[1].level)
    for _, entry in pairs(world.cache) do assert.is_nil(entry.filling) end
  end)
end)

describe("If-None-Match", function()
  local tag = '"0123"'

  it("names the tag alone, in a list, weakly, or any", function()
    for _, header in ipairs { '"0123"', 'W/"0123"', '"a", "0123"', '"a",W/"0123"', "*", " * " } do
      assert.is_true(cached.matches(header, tag), header)
    end
  end)

  it("or does not", function()
    for _, header in ipairs { '"012"', "0123", '"01234"', "", '"*"' } do
      assert.is_false(cached.matches(header, tag), header)
    end
    assert.is_false(cached.matches(nil, tag))
  end)
end)

describe("a cached route that says what drops it", function()
  local cache, handler, app, ask

  before_each(function()
    cache, handler = require "plateia.cache", nil
    app = require "plateia.boot" { routes = { route.get "/top/{name}" {
      path = { name = field.string {} },
      query = { limit = field.integer { default = 10 }, share = field.number { optional = true },
        all = field.boolean { optional = true } },
      cached = { ttl = 300, fresh = 0.25, stale = 3600, drop_on = { "ranking.changed", "vote.cast" } },
      answers = { [200] = { text = field.string {} } },
      handler = function(req)
        runs = runs + 1
        return handler and handler(req) or { text = body }
      end,
    } } }
    ask = http.asker(app)
  end)

  local function renew()
    return world.drive(app.observers[1].run, "")
  end

  it("has an observer for each event, and one for the clock", function()
    local said = {}
    for i, each in ipairs(app.observers) do said[i] = { each.on or "", each.every } end
    assert.same({ { "ranking.changed", 0.25 }, { "vote.cast", 0.25 }, { "", 1 } }, said)
    assert.matches("cached_spec.lua:%d+$", app.observers[1].place)
  end)

  it("is made anew by it, so that the next asker finds it", function()
    ask("GET", "/top/a")
    cache.drop "ranking.changed"
    body = "two"
    assert.is_true(renew())
    assert.equal(2, runs)
    local answer = ask("GET", "/top/a")
    assert.equal(2, runs)
    assert.equal('{"text":"two"}', answer.text)
    assert.equal("plateia; hit; ttl=300", answer.headers["cache-status"])
    assert.is_true(renew()) -- and once is enough
    assert.equal(2, runs)
  end)

  it("is made anew when half its time is over, event or not", function()
    ask("GET", "/top/a")
    world.time = world.time + 149
    renew()
    assert.equal(1, runs)
    world.time = world.time + 1
    renew()
    assert.equal(2, runs)
  end)

  it("is asked the same again, types and all", function()
    local seen = {}
    handler = function(req)
      seen[#seen + 1] = { req.path, req.query }
      return { text = tostring(req:header "Accept") }
    end
    for _, target in ipairs { "/top/i1?limit=7&share=0.1&all=false", "/top/=?share=2&all=true", "/top/a%20b" } do
      seen = {}
      world.cache = {}
      ask("GET", target)
      cache.drop "ranking.changed"
      assert.is_true(renew())
      assert.same(seen[1], seen[2])
      assert.equal(math.type(seen[1][2].limit), math.type(seen[2][2].limit))
      assert.equal(math.type(seen[1][2].share), math.type(seen[2][2].share))
    end
  end)

  it("tells of a failure, and tries again", function()
    ask("GET", "/top/a")
    ask("GET", "/top/b")
    cache.drop "ranking.changed"
    handler = function() return fail.busy "the database is away" end
    local fine, why = renew()
    assert.is_nil(fine)
    assert.matches("the database is away", why)
    assert.equal(4, runs) -- one failure does not keep the other from being tried
    handler, body = nil, "two"
    assert.is_true(renew())
    assert.equal(6, runs)
    assert.equal('{"text":"two"}', ask("GET", "/top/b").text)
  end)

  it("is not made anew by other scripts", function()
    ask("GET", "/top/a")
    cache.drop "ranking.changed"
    local other = require "plateia.boot" { routes = { route.get "/top" {
      cached = { ttl = 300, drop_on = { "ranking.changed" } },
      answers = { [200] = { text = field.string {} } },
      handler = function() error "never asked" end,
    } } }
    assert.is_true(world.drive(other.observers[1].run, ""))
    assert.equal(1, runs)
  end)

  it("has no observers where nothing drops it", function()
    local plain = require "plateia.boot" { routes = { route.get "/top" {
      cached = { ttl = 300 }, answers = { [200] = { text = field.string {} } }, handler = function() end } } }
    assert.same({}, plain.observers)
  end)
end)
