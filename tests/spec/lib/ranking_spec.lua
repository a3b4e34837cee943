local ranking = require "lib.ranking"
local world = require "tests.spec.support.world"

local rows = { { rank = 1, id = 3, title = "A", votes = 9, as_of = "2026-11-22T18:00:00Z" } }

before_each(function()
  world.reset()
  world.gives("lock_standings", { { locked = true } })
  world.gives("fold_standings", { { changed = 1 } })
  world.gives("top_movies", rows)
end)

describe("ranking.top", function()
  it("folds the tallies under their lock, then reads the standings", function()
    local top = world.drive(ranking.top, "all", 10)
    assert.same({ "begin", "lock_standings", "fold_standings", "commit", "top_movies" }, world.called())
    assert.same({ items = rows, as_of = "2026-11-22T18:00:00Z" }, top)
    assert.same({ "all", 10, n = 2 }, world.args_of "top_movies")
    assert.same({}, world.dropped)
  end)

  it("has a time though it has no films", function()
    world.gives("top_movies", {})
    assert.same({ items = {}, as_of = "2026-11-22T18:13:00.500Z" }, ranking.top("2026-10", 10))
  end)

  for _, step in ipairs { "begin", "lock_standings", "fold_standings", "commit" } do
    it("shows the standings of before when " .. step .. " has no capacity, and calls them old", function()
      for _, code in ipairs { "busy", "timeout", "unknown" } do
        world.dropped = {}
        world.fails(step, "not now", code)
        assert.same(rows, world.drive(ranking.top, "all", 10).items)
        assert.same({ "ranking.changed" }, world.dropped)
        assert.is_nil(world.open)
      end
    end)
  end

  it("fails when folding is broken", function()
    world.fails("fold_standings", "relation is gone", "error")
    assert.same({ nil, "relation is gone", "error" }, { ranking.top("all", 10) })
    assert.equal("rollback", world.calls[#world.calls].name)
  end)

  it("fails when reading does", function()
    world.fails("top_movies", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { ranking.top("all", 10) })
  end)
end)

describe("ranking.check_period", function()
  it("takes all, current and months", function()
    for _, text in ipairs { "all", "current", "2026-01", "2026-12" } do
      assert.equal(text, ranking.check_period(text))
    end
  end)

  it("refuses everything else", function()
    for _, text in ipairs { "", "ALL", "2026", "2026-00", "2026-13", "2026-1", "26-01", "2026-011", "2026/01" } do
      assert.is_nil((ranking.check_period(text)), text)
    end
  end)
end)
