local channel = require "notifications.log"
local world = require "tests.spec.support.world"

before_each(world.reset)

describe("the channel log", function()
  it("writes a line that has left before it says so", function()
    assert.equal(true, channel.send { key = "k", to = "ana", subject = "s", text = "t", data = {} })
    assert.same({ { level = "info", message = "notification",
      fields = { key = "k", to = "ana", subject = "s", text = "t" } } }, world.logged)
    assert.equal(1, world.flushed)
  end)

  it("cannot send where such lines are not written", function()
    for level, usable in pairs { debug = true, info = true, warn = false, error = false } do
      assert.equal(usable, (channel.check(function() return level end)) == true, level)
    end
    assert.equal("log_level is warn", select(2, channel.check(function() return "warn" end)))
  end)
end)
