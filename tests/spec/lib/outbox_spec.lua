local outbox = require "lib.outbox"
local world = require "tests.spec.support.world"

local function rows(count, attempts)
  local list = {}
  for i = 1, count do
    list[i] = { key = "k" .. i, channel = "owl", recipient = "r", template = "t", data = '{"n":' .. i .. "}",
      attempts = attempts or 1 }
  end
  return list
end

-- The claims give these pages, one after the other, then nothing.
local function claims(...)
  local pages = { ... }
  world.answers.outbox_claim = function() return table.remove(pages, 1) or {} end
end

local function yes() return true end

before_each(function()
  world.reset()
  for name, value in pairs { attempts = "3", lease_ms = "60000", retry_ms = "1000", retry_most_ms = "8000" } do
    world.settings["outbox_" .. name] = value
  end
  for _, name in ipairs { "done", "retry_later", "dead", "release" } do world.gives("outbox_" .. name, {}) end
end)

describe("the delay", function()
  it("doubles up to its most, half of it by chance", function()
    for attempts, whole in pairs { 1, 2, 4, 8, 8, 8 } do
      assert.equal(whole / 2, outbox.delay(attempts, 1, 8, 0))
      assert.equal(whole, outbox.delay(attempts, 1, 8, 1))
    end
    assert.equal(8, outbox.delay(100000, 1, 8, 1))
  end)
end)

describe("a delivery", function()
  it("claims, sends and settles", function()
    claims(rows(2))
    local got = {}
    local counts = world.drive(outbox.deliver, function(row)
      got[#got + 1] = row.data.n
      return true
    end)
    assert.same({ sent = 2, later = 0, dead = 0 }, counts)
    assert.same({ 1, 2 }, got)
    assert.same({ "outbox_claim", "outbox_done" }, world.called())
    assert.same({ 32, 60.0, n = 2 }, world.args_of "outbox_claim")
    assert.same({ "k1", "k2" }, world.args_of "outbox_done"[1])
  end)

  it("does nothing more where nothing is due", function()
    claims()
    assert.same({ sent = 0, later = 0, dead = 0 }, outbox.deliver(yes))
    assert.same({ "outbox_claim" }, world.called())
  end)

  it("goes on while pages come back full", function()
    claims(rows(32), rows(32), rows(5))
    assert.equal(69, outbox.deliver(yes).sent)
    assert.same({ "outbox_claim", "outbox_done", "outbox_claim", "outbox_done", "outbox_claim", "outbox_done" },
      world.called())
  end)

  it("ends after a while even where there is always more", function()
    world.answers.outbox_claim = function() return rows(32) end
    local sent = 0
    outbox.deliver(function()
      sent, world.time = sent + 1, world.time + 0.125
      return true
    end)
    assert.equal(25, sent) -- those begun within three seconds
    assert.equal(7, #world.args_of "outbox_release"[1])
  end)

  it("holds no transaction while it sends", function()
    claims(rows(1))
    outbox.deliver(function()
      assert.is_nil(world.open)
      return true
    end)
    for _, call in ipairs(world.calls) do assert.is_nil(call.tx) end
  end)

  it("lets a channel wait", function()
    claims(rows(3))
    assert.equal(3, world.drive(outbox.deliver, function() world.wait() return true end).sent)
  end)
end)

describe("a row that is not delivered", function()
  it("is put off with the reason, by its own claim", function()
    claims(rows(3, 2))
    local counts = outbox.deliver(function(row)
      if row.key == "k2" then return nil, "it rains", "retry" end
      return true
    end)
    assert.same({ sent = 2, later = 1, dead = 0 }, counts)
    assert.same({ "k1", "k3" }, world.args_of "outbox_done"[1])
    local later = world.args_of "outbox_retry_later"
    assert.same({ { "k2" }, { 2 }, { "it rains" } }, { later[1], later[2], later[4] })
    assert.is_true(later[3][1] >= 1 and later[3][1] <= 2)
  end)

  it("is put off where the channel raises", function()
    claims(rows(1))
    assert.same({ sent = 0, later = 1, dead = 0 }, outbox.deliver(function() error("broken", 0) end))
    assert.same({ "broken" }, world.args_of "outbox_retry_later"[4])
  end)

  it("is put off where the channel raises after it waited", function()
    claims(rows(1))
    assert.equal(1, world.drive(outbox.deliver, function() world.wait() error({}, 0) end).later)
  end)

  it("is given up at the last attempt, or where the channel says so", function()
    claims(rows(1, 3))
    assert.equal(1, outbox.deliver(function() return nil, "it rains", "retry" end).dead)
    assert.same({ { "k1" }, { 3 }, { "it rains" }, n = 3 }, world.args_of "outbox_dead")
    assert.equal("warn", world.logged[1].level)
    claims(rows(1, 1))
    assert.equal(1, outbox.deliver(function() return nil, "no such bird", "dead" end).dead)
  end)

  it("is counted by its channel and what became of it", function()
    claims(rows(4, 2))
    local said = { k1 = "retry", k2 = "dead" }
    outbox.deliver(function(row) return not said[row.key] or nil, "it rains", said[row.key] end)
    assert.same({ ["outbox_attempts_total{owl,later}"] = 1, ["outbox_attempts_total{owl,dead}"] = 1,
      ["outbox_attempts_total{owl,sent}"] = 2 }, world.counted)
  end)

  it("has a reason that the database can keep", function()
    claims(rows(3))
    local reasons = { k1 = "a\0b", k2 = "\xff\xfe", k3 = ("é"):rep(600) }
    outbox.deliver(function(row) return nil, reasons[row.key], "retry" end)
    assert.same({ "a?b", "??", ("é"):rep(500) }, world.args_of "outbox_retry_later"[4])
    claims(rows(1))
    outbox.deliver(function() return nil end)
    assert.same({ "the channel did not say why" }, world.args_of "outbox_retry_later"[4])
  end)
end)

describe("a slow channel", function()
  it("has what it sent settled before the page is done", function()
    claims(rows(3))
    outbox.deliver(function() world.time = world.time + 1 return true end)
    assert.same({ "outbox_claim", "outbox_done", "outbox_done", "outbox_done" }, world.called())
  end)

  it("gives back what it will not get to in time", function()
    claims(rows(3))
    assert.same({ sent = 1, later = 0, dead = 0 },
      outbox.deliver(function() world.time = world.time + 31 return true end))
    assert.same({ { "k2", "k3" }, { 1, 1 }, n = 2 }, world.args_of "outbox_release")
    assert.same({ "outbox_claim", "outbox_done", "outbox_release" }, world.called())
  end)

  it("never sends beyond half of a short lease", function()
    world.settings.outbox_lease_ms = "1000"
    claims(rows(9))
    assert.equal(5, outbox.deliver(function() world.time = world.time + 0.125 return true end).sent)
    assert.same({ "k6", "k7", "k8", "k9" }, world.args_of "outbox_release"[1])
  end)
end)

describe("a database that fails", function()
  it("ends the run, and what was claimed comes back by itself", function()
    world.fails("outbox_claim", "no lease", "busy")
    assert.same({ nil, "no lease", "busy" }, { outbox.deliver(yes) })
    for _, name in ipairs { "outbox_done", "outbox_retry_later", "outbox_dead" } do
      claims(rows(32), rows(1))
      world.fails(name, "gone", "unknown")
      local n = 0
      local counts, why, code = outbox.deliver(function()
        n = n + 1
        if n % 3 == 0 then return true end
        return nil, "no", n % 3 == 1 and "retry" or "dead"
      end)
      assert.same({ nil, "gone", "unknown" }, { counts, why, code })
      assert.equal(32, n)
      world.gives(name, {})
    end
  end)
end)
