local world = require "tests.spec.support.world"

-- The factory over the given channels, as it is when only their files are in the folder.
local function factory(channels)
  world.folders.notifications = {}
  for i, channel in ipairs(channels) do
    local name = ("made.channel%d"):format(i)
    package.loaded[name], world.folders.notifications[i] = channel, name
  end
  package.loaded.notifications = nil
  local fine, made = pcall(require, "notifications")
  package.loaded.notifications = nil
  if not fine then error(made, 0) end
  return made
end

local function channel(name, changes)
  local given = { name = name, check = function() return true end, send = function() return true end }
  for key, value in pairs(changes or {}) do given[key] = value end
  return given
end

local function row(changes)
  local given = { key = "k1", channel = "pigeon", recipient = "ana", template = "vote_counted", attempts = 1,
    data = { title = "Cléo", month = "2026-11", username = "Ana" } }
  for key, value in pairs(changes or {}) do given[key] = value end
  return given
end

before_each(world.reset)

describe("a notification", function()
  it("is made of a template and data", function()
    local made = factory({}).make(row())
    assert.equal("Your vote for Cléo was counted", made.subject)
    assert.equal("Hello Ana,\n\nyour vote for Cléo was counted in the ranking of 2026-11.\n", made.text)
    assert.same({ "k1", "ana", "vote_counted" }, { made.key, made.to, made.template })
    assert.same(row().data, made.data)
  end)

  it("takes data as it is, whatever is in it", function()
    local made = factory({}).make(row { data = { title = "{month} %1 %", month = "m", username = "<b>" } })
    assert.equal("Your vote for {month} %1 % was counted", made.subject)
    assert.matches("^Hello <b>,", made.text)
  end)

  it("has a subject of one line", function()
    local made = factory({}).make(row { data = { title = "A\r\nBcc: all", month = "m", username = "u" } })
    assert.equal("Your vote for A Bcc: all was counted", made.subject)
  end)

  it("cannot be made without its template or its data", function()
    assert.same({ nil, 'there is no template "poem"' }, { factory({}).make(row { template = "poem" }) })
    assert.same({ nil, "the data has no title" }, { factory({}).make(row { data = { month = "m" } }) })
    assert.same({ nil, "the data has no username" }, { factory({}).make(row { data = { title = "t", month = "m" } }) })
  end)
end)

describe("sending", function()
  it("hands the message to the row's channel and its answer back", function()
    local got
    local made = factory { channel("owl"), channel("pigeon", { send = function(message)
      got = message
      return nil, "it rains", "retry"
    end }) }
    assert.same({ nil, "it rains", "retry" }, { made.send(row()) })
    assert.equal("k1", got.key)
    assert.equal(true, made.send(row { channel = "owl" }))
  end)

  it("tries a channel that is not there again, as the next edit may bring it", function()
    assert.same({ nil, 'there is no channel "pigeon"', "retry" }, { factory({}).send(row()) })
  end)

  it("gives up what can never be made", function()
    assert.same({ nil, 'there is no template "poem"', "dead" },
      { factory({ channel "pigeon" }).send(row { template = "poem" }) })
  end)
end)

describe("the channels", function()
  it("offered are those that can send", function()
    local made = factory { channel("owl", { check = function() return nil, "no owls" end }), channel "pigeon" }
    assert.same({ "none", "pigeon" }, made.choices())
    assert.same({ channel = "owl", reason = "no owls" }, world.logged[1].fields)
  end)

  it("are asked with the settings", function()
    world.settings.outbox_attempts = "3"
    local asked
    factory({ channel("owl", { check = function(settings) asked = settings "outbox_attempts" return true end }) })
      .choices()
    assert.equal("3", asked)
  end)

  it("of the tree are the log's alone, and offered by /signup", function()
    world.settings.log_level = "info"
    assert.same({ "none", "log" }, require("notifications").choices())
  end)
end)

describe("plateia.channels", function()
  local channels = require "plateia.channels"

  local function refusal(...)
    local fine, why = pcall(channels, { ... })
    assert.is_false(fine)
    return why
  end

  it("takes what is a channel", function()
    local list = { channel "owl", channel "pigeon_2" }
    assert.equal(list, channels(list))
  end)

  it("refuses what is none, naming its place", function()
    assert.matches("channels: entry 2: there is no key \"sends\"", refusal(channel "owl", channel("a", { sends = 1 })))
    assert.matches("entry 1: send is missing, a function", refusal { name = "owl", check = function() end })
    assert.matches("entry 1: check is a function, not a boolean", refusal(channel("owl", { check = true })))
    assert.matches("entry 1: a table was expected", refusal "owl")
  end)

  it("refuses names that are taken or no names", function()
    assert.matches("entry 2: the name \"owl\" is taken", refusal(channel "owl", channel "owl"))
    assert.matches("the name \"none\" is taken", refusal(channel "none"))
    assert.matches("\"Owl Post\" is not", refusal(channel "Owl Post"))
  end)

  it("guards app.lua as well", function()
    local fine, why = pcall(require "plateia.boot", { channels = { channel "owl", channel "owl" } })
    assert.is_false(fine)
    assert.matches("the name \"owl\" is taken", why)
  end)
end)
