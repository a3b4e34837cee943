local observers = require "observers.deliver"
local world = require "tests.spec.support.world"

before_each(function()
  world.reset()
  for name, value in pairs { attempts = "3", lease_ms = "60000", retry_ms = "1000", retry_most_ms = "8000" } do
    world.settings["outbox_" .. name] = value
  end
end)

local deliver = observers[2]

describe("the observer that delivers", function()
  it("wakes for votes and by the clock", function()
    assert.same({ "vote.cast", 0.25 }, { observers[1].on, observers[1].every })
    assert.same({ nil, 1 }, { observers[2].on, observers[2].every })
    assert.equal(deliver.run, observers[1].run)
  end)

  it("sends what is due through its channel", function()
    world.gives("outbox_claim", { { key = "k1", channel = "log", recipient = "ana", template = "vote_counted",
      data = '{"title":"A","month":"2026-11","username":"Ana"}', attempts = 1 } })
    world.gives("outbox_done", { { key = "k1" } })
    world.drive(deliver.run, {})
    assert.same({ "outbox_claim", "outbox_done" }, world.called())
    assert.equal("k1", world.logged[1].fields.key)
  end)

  it("tells of failures, its own and the channels'", function()
    world.fails("outbox_claim", "no lease", "busy")
    world.drive(deliver.run, {})
    assert.same({ reason = "no lease", code = "busy" }, world.logged[1].fields)
    world.gives("outbox_claim", { { key = "k1", channel = "owl", recipient = "ana", template = "vote_counted",
      data = "{}", attempts = 1 } })
    world.gives("outbox_retry_later", { { key = "k1" } })
    world.drive(deliver.run, {})
    assert.same({ sent = 0, later = 1, dead = 0 }, world.logged[2].fields)
  end)
end)
