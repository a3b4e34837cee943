-- What every channel keeps: run over all files of scripts/notifications.

local json = require "plateia.json"
local raw = require "plateia.raw"
local world = require "tests.spec.support.world"

local function message(changes)
  local given = { key = "0b9a6d5e-8f5c-4b8e-9d8e-3f1c2a4b5c6d", to = "ana", subject = "Hello", text = "A text.\n",
    template = "vote_counted", data = { title = "Cléo" } }
  for name, value in pairs(changes or {}) do given[name] = value end
  return given
end

-- true, or nil with a reason and what is to be done.
local function check_result(sent, why, what)
  if sent then return assert.equal(true, sent) end
  assert.is_nil(sent)
  assert.is_string(why)
  assert.is_true(what == "retry" or what == "dead", tostring(what))
end

for _, module in ipairs(raw.scripts "notifications") do
  describe(module, function()
    local channel = require(module)

    before_each(function()
      world.reset()
      world.settings.log_level = "info"
    end)

    it("is called as its file", function()
      assert.equal(module, "notifications." .. channel.name)
    end)

    it("says whether it can send, and why not", function()
      for _, value in ipairs { "", "error", "1" } do
        local usable, why = channel.check(function() return value end)
        if not usable then assert.is_string(why) else assert.equal(true, usable) end
      end
    end)

    it("answers in the three ways there are, never with an error", function()
      for _, changes in ipairs { {}, { subject = "", text = "" }, { to = "" }, { text = ("é"):rep(100000) },
        { subject = "two\r\nlines", text = "\1\2\27[31m" }, { to = "<script>\"'\\", data = {} } } do
        check_result(world.drive(channel.send, message(changes)))
      end
    end)

    it("does not change a message", function()
      local given = message()
      local before = json.encode(given.data)
      world.drive(channel.send, given)
      assert.equal(before, json.encode(given.data))
      given.data = nil
      local untouched = message()
      untouched.data = nil
      assert.same(untouched, given)
    end)

    it("can send the same message twice", function()
      check_result(world.drive(channel.send, message()))
      check_result(world.drive(channel.send, message()))
    end)
  end)
end
