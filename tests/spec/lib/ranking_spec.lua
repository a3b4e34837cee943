local ranking = require "lib.ranking"
local world = require "tests.spec.support.world"

local rows = { { rank = 1, id = 3, title = "A", votes = 9, as_of = "2026-11-22T18:00:00Z" } }

before_each(function()
  world.reset()
  world.gives("lock_standings", { { locked = true } })
  world.gives("fold_standings", { { changed = 2, month = "2026-11", movie_ids = "3,17", version = 9 } })
  world.gives("top_movies", rows)
  world.gives("notify", { { told = true } })
end)

local changed = { name = "ranking.changed", event = { month = "2026-11", movie_ids = { 3, 17 }, version = 9 } }

describe("ranking.top", function()
  it("reads the standings and nothing else", function()
    local top = world.drive(ranking.top, "all", 10)
    assert.same({ "top_movies" }, world.called())
    assert.same({ items = rows, as_of = "2026-11-22T18:00:00Z" }, top)
    assert.same({ "all", 10, n = 2 }, world.args_of "top_movies")
  end)

  it("has a time though it has no films", function()
    world.gives("top_movies", {})
    assert.same({ items = {}, as_of = "2026-11-22T18:13:00.500Z" }, ranking.top("2026-10", 10))
  end)

  it("fails when reading does", function()
    world.fails("top_movies", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { ranking.top("all", 10) })
  end)
end)

describe("ranking.follow", function()
  it("folds the tallies under their lock, then tells every process", function()
    assert.is_true(world.drive(ranking.follow))
    assert.same({ "begin", "lock_standings", "fold_standings", "commit", "notify" }, world.called())
    assert.same({ changed }, world.published)
    assert.matches("^%x+ ranking.changed {", world.args_of("notify")[1])
  end)

  it("tells nothing when nothing moved", function()
    world.gives("fold_standings", { { changed = 0, version = 9 } })
    assert.is_true(world.drive(ranking.follow))
    assert.same({}, world.published)
  end)

  it("names no films when they are too many", function()
    world.gives("fold_standings", { { changed = 999, month = "2026-11", version = 9 } })
    ranking.follow()
    assert.same({}, world.published[1].event.movie_ids)
  end)

  for _, step in ipairs { "begin", "lock_standings", "fold_standings", "commit" } do
    it("tells nothing when " .. step .. " fails", function()
      world.fails(step, "not now", "busy")
      assert.same({ nil, "not now", "busy" }, { ranking.follow() })
      assert.same({}, world.published)
      assert.is_nil(world.open)
    end)
  end

  it("has told this process also when the others cannot be told", function()
    world.fails("notify", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { ranking.follow() })
    assert.same({ changed }, world.published)
  end)
end)

describe("ranking.compare", function()
  local function stands(standing, counted)
    world.gives("standings_version", { { standing = standing, counted = counted, month = "2026-11" } })
  end

  it("tells this process what it was not told, once", function()
    stands(20, 20)
    ranking.saw(19)
    assert.is_true(world.drive(ranking.compare))
    assert.is_true(world.drive(ranking.compare))
    assert.same({ { name = "ranking.changed", event = { month = "2026-11", movie_ids = {}, version = 20 } } },
      world.published)
    assert.is_nil(world.args_of "notify")
  end)

  it("is silent about what was told", function()
    stands(21, 21)
    ranking.saw(21)
    assert.is_true(ranking.compare())
    assert.same({}, world.published)
  end)

  it("folds what was counted and left", function()
    stands(8, 9)
    ranking.saw(8)
    assert.is_true(world.drive(ranking.compare))
    assert.same({ changed }, world.published)
    assert.is_not_nil(world.args_of "notify")
  end)

  it("fails when reading does", function()
    world.fails("standings_version", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { ranking.compare() })
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
