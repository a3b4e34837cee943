local http = require "tests.spec.support.http"
local null = require("plateia.json").null
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))
local ana = { Authorization = "Bearer token.7" }

before_each(world.reset)

describe("GET /movies/top", function()
  before_each(function()
    world.gives("lock_standings", { { locked = true } })
    world.gives("fold_standings", { { changed = 0 } })
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

  it("is asked of the database again only after a vote", function()
    ask("GET", "/movies/top")
    world.time = world.time + 10
    ask("GET", "/movies/top")
    assert.equal(5, #world.calls)
    world.gives("cast_vote", { { n = 1, outcome = "cast", movie_id = 3, month = "2026-11",
      voted_at = "2026-11-22T18:13:00Z", next_vote_at = "2026-12-01T00:00:00Z" } })
    ask("POST", "/vote/3", { headers = ana })
    ask("GET", "/movies/top")
    assert.equal(11, #world.calls)
  end)

  it("is soon asked again where folding had no capacity", function()
    world.fails("fold_standings", "not now", "busy")
    ask("GET", "/movies/top")
    world.gives("fold_standings", { { changed = 1 } })
    world.gives("top_movies", { { rank = 1, id = 4, title = "B", votes = 10, as_of = "2026-11-22T18:01:00Z" } })
    world.time = world.time + 0.3
    assert.equal("B", ask("GET", "/movies/top").json.items[1].title)
  end)
end)
