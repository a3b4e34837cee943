local votes = require "lib.votes"
local world = require "tests.spec.support.world"

local ana = { id = 7 }
local next_month = "2026-12-01T00:00:00Z"

before_each(world.reset)

describe("votes.cast", function()
  local function outcome(name)
    world.gives("cast_vote", { { n = 1, outcome = name, movie_id = 3, month = "2026-11",
      voted_at = name == "cast" and "2026-11-22T18:13:00Z" or nil, next_vote_at = next_month } })
  end

  it("is counted, and told", function()
    outcome "cast"
    local vote = world.drive(votes.cast, ana, 3)
    assert.same({ 3, "2026-11", "2026-11-22T18:13:00Z" }, { vote.movie_id, vote.month, vote.voted_at })
    assert.same({ 7, 3, n = 2 }, world.args_of "cast_vote")
    assert.same({ { name = "vote.cast",
      event = { user_id = 7, movie_id = 3, month = "2026-11", voted_at = "2026-11-22T18:13:00Z" } } }, world.published)
  end)

  it("is refused a second time, with the time of the next", function()
    outcome "again"
    assert.same({ nil, "you have voted this month", "conflict", { next_vote_at = next_month } },
      { votes.cast(ana, 3) })
  end)

  it("needs a film and a user", function()
    outcome "no_movie"
    assert.same({ nil, "there is no film with this id", "not_found" }, { votes.cast(ana, 3) })
    outcome "no_user"
    assert.same({ nil, "this user no longer exists", "unauthorized" }, { votes.cast(ana, 3) })
  end)

  it("tells nothing when nothing was counted", function()
    for _, name in ipairs { "again", "no_movie", "no_user" } do
      outcome(name)
      votes.cast(ana, 3)
    end
    assert.same({}, world.published)
  end)

  it("says what a failure means for the vote", function()
    local not_counted, perhaps = "was not counted", "may have been counted"
    for code, words in pairs { busy = not_counted, timeout = not_counted, unknown = perhaps } do
      world.fails("cast_vote", "technical", code)
      local vote, why, got = votes.cast(ana, 3)
      assert.is_nil(vote)
      assert.equal(code, got)
      assert.matches(words, why)
    end
    world.fails("cast_vote", "column x does not exist", "error")
    assert.same({ nil, "column x does not exist", "error" }, { votes.cast(ana, 3) })
  end)
end)

describe("votes.of", function()
  local past = { { movie_id = 3, title = "A", month = "2026-11", voted_at = "2026-11-02T00:00:00Z" },
    { movie_id = 4, title = "B", month = "2026-10", voted_at = "2026-10-02T00:00:00Z" } }

  before_each(function() world.gives("vote_window", { { month = "2026-11", next_vote_at = next_month } }) end)

  it("tells when the next vote may be cast, if not now", function()
    world.gives("user_votes", past)
    assert.same({ items = past, next_vote_at = next_month }, world.drive(votes.of, ana))
  end)

  it("tells nothing of it where the month is still free", function()
    world.gives("user_votes", { past[2] })
    assert.is_nil(votes.of(ana).next_vote_at)
    world.gives("user_votes", {})
    assert.same({ items = {} }, votes.of(ana))
  end)

  it("hands failures on", function()
    world.fails("user_votes", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { votes.of(ana) })
    world.gives("user_votes", {})
    world.fails("vote_window", "too long", "timeout")
    assert.same({ nil, "too long", "timeout" }, { votes.of(ana) })
  end)
end)
