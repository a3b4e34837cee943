local observer = require "observers.outbox_gauges"
local world = require "tests.spec.support.world"

before_each(world.reset)

describe("the observer of the outbox", function()
  it("says by the clock how full it is", function()
    world.gives("outbox_state", { { pending = 7, dead = 2, oldest_seconds = 1.5 } })
    world.drive(observer.run, {})
    assert.equal(5, observer.every)
    assert.same({ ["outbox_pending{}"] = 7, ["outbox_dead{}"] = 2, ["outbox_oldest_seconds{}"] = 1.5 },
      world.counted)
  end)

  it("raises what fails, and what it said last stands", function()
    world.fails("outbox_state", "no lease", "busy")
    local fine, why = pcall(world.drive, observer.run, {})
    assert.is_false(fine)
    assert.matches("no lease", why)
    assert.same({}, world.counted)
  end)
end)
