local world = require "tests.spec.support.world"

before_each(world.reset)

describe("the ranking's observers", function()
  it("raise what fails, so that it is logged and counted", function()
    world.fails("begin", "no connection", "busy")
    local fine, why = pcall(require "observers.ranking".run, {})
    assert.is_false(fine)
    assert.matches("no connection", why)
  end)

  it("compare on a timer, and when the server can hear again; not with what was just told", function()
    local watch = require "observers.ranking_watch"
    world.gives("standings_version", { { standing = 7, counted = 7, month = "2026-11" } })
    watch[1].run {}
    watch[2].run {}
    assert.equal(1, #world.published)
    world.gives("standings_version", { { standing = 8, counted = 8, month = "2026-11" } })
    watch[3].run { { version = 7 }, { version = 8 } }
    watch[1].run {}
    assert.equal(1, #world.published)
  end)
end)
