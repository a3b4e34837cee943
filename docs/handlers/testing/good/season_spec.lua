local test = require "plateia.test"

describe("the last night of a year", function()
  local film, ana

  before_each(function()
    film = test.sql("INSERT INTO movies (title, year) VALUES ($1, $2::int) RETURNING id", "Solaris", 1972)[1].id
    ana = test.user { username = "ana", notify_by = "log" }
    test.at "2026-12-31T23:59:59Z"
  end)

  it("has room for one vote", function()
    local vote = test.post("/vote/" .. film, { as = ana })
    assert.equal(201, vote.status)
    assert.equal("2026-12", vote.json.month)

    local again = test.post("/vote/" .. film, { as = ana })
    assert.equal(409, again.status)
    assert.equal("2027-01-01T00:00:00Z", again.json.next_vote_at)
  end)

  it("is over a second later", function()
    test.post("/vote/" .. film, { as = ana })
    test.at "2027-01-01T00:00:00Z"
    assert.equal(201, test.post("/vote/" .. film, { as = ana }).status)
  end)

  it("is told, and moves the ranking", function()
    test.post("/vote/" .. film, { as = ana })
    assert.equal(ana.id, test.events("vote.cast")[1].user_id)
    test.run_observers()
    assert.equal(1, test.get("/movies/top?period=2026-12").json.items[1].votes)
    assert.equal("Your vote for Solaris was counted", test.notifications()[1].subject)
  end)
end)
