-- Events and those who wait for them: plateia.bus, plateia.background, and the observers of app.lua.

local background = require "plateia.background"
local boot = require "plateia.boot"
local bus = require "plateia.bus"
local world = require "tests.spec.support.world"

local vote = { user_id = 7, movie_id = 3, month = "2026-11", voted_at = "2026-11-22T18:13:00Z" }
local change = { month = "2026-11", movie_ids = {}, version = 9 }

local function raised(fn, ...)
  local fine, why = pcall(fn, ...)
  assert.is_false(fine)
  return why
end

before_each(world.reset)

describe("bus.publish", function()
  it("tells this process", function()
    assert.is_true(bus.publish("vote.cast", vote))
    assert.same({ { name = "vote.cast", event = vote } }, world.published)
    assert.same({}, world.called())
  end)

  it("tells the others of what crosses, after this one", function()
    world.gives("notify", { { told = true } })
    assert.is_true(world.drive(bus.publish, "ranking.changed", change))
    assert.equal(1, #world.published)
    assert.matches('^%x+ ranking.changed {.*"movie_ids":%[%]', world.args_of("notify")[1])
  end)

  it("keeps to itself what is for here", function()
    assert.is_true(bus.publish_here("ranking.changed", change))
    assert.equal(1, #world.published)
    assert.same({}, world.called())
  end)

  it("refuses what is not in events.lua, with the place of the call", function()
    assert.matches("events_spec.lua:%d+: there is no event \"vote.casst\"",
      raised(function() bus.publish("vote.casst", vote) end))
    assert.matches("vote.cast has no field \"extra\"", raised(bus.publish, "vote.cast",
      { user_id = 7, movie_id = 3, month = "2026-11", voted_at = "", extra = 1 }))
    assert.matches("vote.cast: movie_id is missing %(integer%)", raised(bus.publish, "vote.cast",
      { user_id = 7, month = "2026-11", voted_at = "" }))
    assert.matches("version has the kind integer, not number", raised(bus.publish_here, "ranking.changed",
      { month = "2026-11", movie_ids = {}, version = 0.5 }))
    assert.matches("events_spec.lua:%d+: vote.cast: what happened is a table, not a string",
      raised(function() bus.publish("vote.cast", "7") end))
  end)

  it("takes an event without fields by its name", function()
    assert.is_true(bus.publish "listen.connected")
    assert.same({ { name = "listen.connected", event = {} } }, world.published)
    assert.matches("vote.cast: %S+ is missing", raised(bus.publish, "vote.cast"))
  end)

  it("hands failures on", function()
    world.bus_full = true
    assert.same({ nil, "too long", "limit" }, { bus.publish("ranking.changed", change) })
    assert.same({}, world.called())
  end)
end)

describe("observers", function()
  local function plan(observers) return boot({ observers = observers }).observers end
  local function run() end

  it("become what the core runs", function()
    local got
    local plans = plan { { on = "vote.cast", every = 0.5, run = function(events) got = { table.unpack(events) } end },
      { { every = 5, run = run }, { on = "listen.connected", run = run } } }
    assert.same({ "vote.cast", 0.5, 5, "listen.connected" },
      { plans[1].on, plans[1].every, plans[2].every, plans[3].on })
    assert.matches("events_spec.lua:%d+$", plans[1].place)
    assert.is_true(plans[1].run '{"user_id":1}\n{"user_id":2}\n')
    assert.same({ { user_id = 1 }, { user_id = 2 } }, got)
  end)

  it("lose only the event that cannot be read", function()
    local got
    local plans = plan { { on = "vote.cast", run = function(events) got = { table.unpack(events) } end } }
    assert.is_true(plans[1].run '{"user_id":1}\n{"user_id"\n7\n{"user_id":2}\n')
    assert.same({ { user_id = 1 }, { user_id = 2 } }, got)
    assert.equal(2, #world.logged)
  end)

  it("read their events when they look into them, in whichever way", function()
    local looks = {
      index = function(events) return events[2].user_id end,
      length = function(events) return #events end,
      ipairs = function(events) for i in ipairs(events) do if i == 2 then return i end end end,
      pairs = function(events)
        local count = 0
        for _ in pairs(events) do count = count + 1 end
        return count
      end,
    }
    for name, look in pairs(looks) do
      local got
      local plans = plan { { on = "vote.cast", run = function(events) got = look(events) end } }
      assert.is_true(plans[1].run '{"user_id":1}\n{"user_id":2}\n')
      assert.equal(2, got, name)
    end
  end)

  it("that do not look pay nothing for what they would see", function()
    local plans = plan { { on = "vote.cast", run = run } }
    assert.is_true(plans[1].run "no JSON\n")
    assert.same({}, world.logged)
  end)

  it("fail with the place of the bug", function()
    local plans = plan { { every = 1, run = function() error "broken" end } }
    local fine, why = plans[1].run ""
    assert.is_nil(fine)
    assert.matches("events_spec.lua:%d+: broken", why)
  end)

  it("are checked when they load", function()
    local refused = {
      ["scripts/app.lua:12: observers: entry 1: an observer is a table"] = { "text" },
      ["a table with a function run"] = { { on = "vote.cast" } },
      ["there is no event \"vote.casst\""] = { { on = "vote.casst", run = run } },
      ["there is no key \"evry\""] = { { on = "vote.cast", evry = 1, run = run } },
      ["without one, every says"] = { { run = run } },
      ["every is more than 0"] = { { every = 0, run = run } },
      ["every is a number, not a string"] = { { every = "5", run = run } },
    }
    for words, list in pairs(refused) do
      local why = raised(plan, list)
      assert.is_truthy(why:find(words, 1, true), why)
    end
  end)
end)

describe("a cached route", function()
  it("is dropped by events that exist", function()
    local route, field = require "plateia.route", require "plateia.field"
    local made = route.get "/a" { cached = { ttl = 1, drop_on = { "ranking.chnged" } },
      answers = { [200] = { id = field.integer {} } }, handler = function() return { id = 1 } end }
    assert.matches("GET /a: drop_on: there is no event \"ranking.chnged\"", raised(boot, { routes = { made } }))
  end)
end)

describe("background.after", function()
  it("puts a function and its arguments off", function()
    local got
    assert.is_true(background.after(function(...) got = table.pack(...) end, 1, nil, "c"))
    assert.is_nil(got)
    assert.is_true(world.background[1]())
    assert.same({ 1, nil, "c", n = 3 }, got)
  end)

  it("logs what raises, with its place", function()
    background.after(function() error "broken" end)
    assert.is_true(world.background[1]())
    assert.equal("background work raised", world.logged[1].message)
    assert.matches("events_spec.lua:%d+$", world.logged[1].fields.place)
    assert.matches("broken", world.logged[1].fields.reason)
  end)

  it("says when there is too much, and takes only functions", function()
    world.background_full = true
    assert.equal("busy", (select(3, background.after(print))))
    assert.matches("takes a function, not a nil", raised(background.after, nil))
  end)
end)
