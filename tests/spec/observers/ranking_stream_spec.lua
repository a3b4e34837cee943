local world = require "tests.spec.support.world"

local observers
local rows = { { rank = 1, id = 3, title = "A", year = 1999, votes = 9, as_of = "2026-11-22T18:00:00Z" },
  { rank = 2, id = 4, title = "B", votes = 1, as_of = "2026-11-22T18:00:00Z" } }

local function run(i) world.drive(observers[i].run, {}) end

before_each(function()
  world.reset()
  package.loaded["observers.ranking_stream"] = nil
  observers = require "observers.ranking_stream"
  world.gives("standings_version", { { standing = 12, counted = 12, month = "2026-11" } })
  world.gives("top_movies", rows)
end)

describe("what the ranking's stream shows", function()
  it("is the whole race of the month", function()
    run(1)
    assert.same({ "2026-11", 20, n = 2 }, world.args_of "top_movies")
    assert.equal("ranking", world.streamed[1].name)
    assert.equal('{"items":[{"rank":1,"id":3,"title":"A","year":1999,"votes":9},'
      .. '{"rank":2,"id":4,"title":"B","year":null,"votes":1}],"period":"2026-11","total":12,'
      .. '"as_of":"2026-11-22T18:00:00Z"}', world.streamed[1].text)
  end)

  it("is told once, and again whenever it has changed, whoever noticed", function()
    for i = 1, 3 do run(i) end
    assert.equal(1, #world.streamed)
    world.gives("standings_version", { { standing = 13, counted = 13, month = "2026-11" } })
    run(3)
    assert.equal(2, #world.streamed)
    world.gives("top_movies", { { rank = 1, id = 3, title = "Another", votes = 9, as_of = "2026-11-22T18:00:05Z" } })
    run(2)
    assert.equal(3, #world.streamed)
    world.gives("standings_version", { { standing = 13, counted = 13, month = "2026-12" } })
    world.gives("top_movies", {})
    run(3)
    assert.equal(4, #world.streamed)
    assert.same({ {}, "2026-12" }, { world.streamed[4].value.items, world.streamed[4].value.period })
  end)

  it("raises what fails, and is told by the next one who looks", function()
    world.fails("top_movies", "no connection", "busy")
    assert.has_error(function() run(1) end)
    world.gives("top_movies", rows)
    world.stream_full = true
    assert.has_error(function() run(1) end)
    world.stream_full = nil
    run(3)
    assert.equal(1, #world.streamed)
  end)

  it("is not the older of two looks", function()
    local older = coroutine.create(observers[1].run)
    assert(coroutine.resume(older, {})) -- has asked for the version
    world.gives("standings_version", { { standing = 13, counted = 13, month = "2026-11" } })
    run(3)
    while coroutine.status(older) ~= "dead" do assert(coroutine.resume(older)) end
    assert.equal(1, #world.streamed)
    assert.equal(13, world.streamed[1].value.total)
  end)
end)
