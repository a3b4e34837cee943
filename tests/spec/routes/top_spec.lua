local http = require "tests.spec.support.http"
local null = require("plateia.json").null
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))

before_each(world.reset)

describe("GET /movies/top", function()
  before_each(function()
    world.gives("top_movies", { { rank = 1, id = 3, title = "A", votes = 9, as_of = "2026-11-22T18:00:00Z" } })
  end)

  it("is the ranking, with a time and an ETag", function()
    local answer = ask("GET", "/movies/top")
    assert.same({ items = { { rank = 1, id = 3, title = "A", year = null, votes = 9 } },
      as_of = "2026-11-22T18:00:00Z" }, answer.json)
    assert.same({ "all", 10, n = 2 }, world.args_of "top_movies")
    assert.is_string(answer.headers.etag)
  end)

  it("knows periods", function()
    for _, period in ipairs { "all", "current", "2026-11" } do
      assert.equal(200, ask("GET", "/movies/top?limit=3&period=" .. period).status)
      assert.same({ period, 3, n = 2 }, world.args_of "top_movies")
    end
    for _, period in ipairs { "", "never", "2026-13" } do
      assert.equal(422, ask("GET", "/movies/top?period=" .. period).status, period)
    end
  end)

  it("is asked of the database again only after it changed", function()
    ask("GET", "/movies/top")
    world.time = world.time + 10
    ask("GET", "/movies/top")
    assert.same({ "top_movies" }, world.called())
    world.gives("lock_standings", { { locked = true } })
    world.gives("fold_standings", { { changed = 1, month = "2026-11", movie_ids = "3", version = 10 } })
    world.gives("notify", { { told = true } })
    world.drive(require "observers.ranking".run, {})
    world.gives("top_movies", { { rank = 1, id = 4, title = "B", votes = 10, as_of = "2026-11-22T18:01:00Z" } })
    assert.equal("B", ask("GET", "/movies/top").json.items[1].title)
  end)
end)
