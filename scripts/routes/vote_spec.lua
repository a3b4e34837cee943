-- The rule, with nothing in between: one vote a month, whatever the clock says.

local test = require "plateia.test"

local function film(title)
  return test.sql("INSERT INTO movies (title) VALUES ($1) RETURNING id", title)[1].id
end

describe("a vote", function()
  local solaris, stalker, ana

  setup(function()
    solaris, stalker = film "Solaris", film "Stalker"
    ana = test.user { username = "ana" }
  end)

  it("counts once a month", function()
    test.at "2026-12-31T23:59:59Z"
    local vote = test.post("/vote/" .. solaris, { as = ana })
    assert.equal(201, vote.status)
    assert.same({ movie_id = solaris, month = "2026-12", voted_at = "2026-12-31T23:59:59Z" }, vote.json)

    local again = test.post("/vote/" .. stalker, { as = ana })
    assert.equal(409, again.status)
    assert.equal("you have voted this month", again.json.detail)
    assert.equal("2027-01-01T00:00:00Z", again.json.next_vote_at)

    test.at "2027-01-01T00:00:00Z"
    assert.equal(201, test.post("/vote/" .. stalker, { as = ana }).status)
    local mine = test.get("/me/votes", { as = ana }).json
    assert.same({ "2027-01", "2026-12" }, { mine.items[1].month, mine.items[2].month })
    assert.equal("2027-02-01T00:00:00Z", mine.next_vote_at)
  end)

  it("is told to the observers, and a refused one is not", function()
    test.post("/vote/" .. solaris, { as = ana })
    test.post("/vote/" .. solaris, { as = ana })
    local events = test.events "vote.cast"
    assert.equal(1, #events)
    assert.equal(ana.id, events[1].user_id)
    assert.equal(solaris, events[1].movie_id)
  end)

  it("needs a film, and somebody who is signed in", function()
    local nowhere = test.post("/vote/999999", { as = ana })
    assert.equal(404, nowhere.status)
    assert.equal("there is no film with this id", nowhere.json.detail)
    assert.equal(401, test.post("/vote/" .. solaris).status)
    assert.equal(401, test.post("/vote/" .. solaris, { headers = { Authorization = "Bearer nonsense" } }).status)
    assert.same({}, test.events "vote.cast")
  end)

  it("of a user who is gone is refused", function()
    assert.equal(401, test.post("/vote/" .. solaris, { as = 999999 }).status)
  end)
end)
