-- What a vote does behind its answer: the ranking moves, and who wants to hear of it hears.

local test = require "plateia.test"

local function film(title)
  return test.sql("INSERT INTO movies (title) VALUES ($1) RETURNING id", title)[1].id
end

local function top(period)
  local list = {}
  for i, item in ipairs(test.get("/movies/top", { query = { period = period or "all" } }).json.items) do
    list[i] = ("%s %d"):format(item.title, item.votes)
  end
  return list
end

describe("behind a vote", function()
  local solaris, stalker

  before_each(function() solaris, stalker = film "Solaris", film "Stalker" end)

  it("the ranking moves once the observers have run", function()
    for _, id in ipairs { stalker, solaris, stalker } do
      assert.equal(201, test.post("/vote/" .. id, { as = test.user() }).status)
    end
    assert.same({}, top())
    test.run_observers()
    assert.same({ "Stalker 2", "Solaris 1" }, top())
    assert.equal(3, test.events("ranking.changed")[1].version)
  end)

  it("each month has a ranking of its own", function()
    local ana = test.user()
    test.at "2026-11-30T12:00:00Z"
    test.post("/vote/" .. solaris, { as = ana })
    test.at "2026-12-01T12:00:00Z"
    test.post("/vote/" .. stalker, { as = ana })
    test.run_observers()
    assert.same({ "Solaris 1" }, top "2026-11")
    assert.same({ "Stalker 1" }, top "current")
    assert.same({ "Solaris 1", "Stalker 1" }, top "all")
  end)

  it("who wants to hear that it was counted hears it once", function()
    test.at "2026-12-24T18:00:00Z"
    test.post("/vote/" .. solaris, { as = test.user { username = "ana", notify_by = "log" } })
    test.post("/vote/" .. solaris, { as = test.user() })
    assert.same({}, test.notifications())
    test.run_observers()
    test.run_timers()
    local sent = test.notifications()
    assert.equal(1, #sent)
    assert.equal("log", sent[1].channel)
    assert.equal("ana", sent[1].to)
    assert.same({ username = "ana", title = "Solaris", month = "2026-12" }, sent[1].data)
    assert.matches("Solaris", sent[1].text)
  end)
end)
