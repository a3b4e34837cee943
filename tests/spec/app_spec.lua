local app = require "app"
local world = require "tests.spec.support.world"

before_each(world.reset)

local function stored(_, keys)
  return { { added = #keys, met = 0, changed = 0, unchanged = 0 } }
end

describe("the app", function()
  it("has the routes of the API", function()
    local found = {}
    for i, route in ipairs(require "plateia.boot" (app).routes) do found[i] = route.method .. " " .. route.path end
    table.sort(found)
    assert.same({ "GET /me", "GET /me/votes", "GET /movies", "GET /movies/top", "GET /movies/top/stream",
      "GET /movies/{id}", "GET /openapi.json", "POST /signup", "POST /token", "POST /vote/{movie_id}" }, found)
  end)

  it("requires every one of them", function()
    local count = 0
    for _ in pairs(app.required) do count = count + 1 end
    assert.equal(10, count)
  end)

  it("fills the first start's catalogue with the bundled films", function()
    world.gives("lock_standings", { { locked = true } })
    world.gives("fold_standings", { { changed = 0, version = 0 } })
    world.gives("lock_catalogue", { { locked = true } })
    world.gives("catalogue_size", { { films = 0 } })
    world.answers.import_movies = stored
    local report = world.drive(require "plateia.boot" (app).seed)
    assert.equal("vega: 3200 films added, 0 met from other catalogues, 0 changed, 0 unchanged, 1 record refused\n"
      .. "  record 3054 has no title", report)
    assert.equal(65, #world.progress)
  end)

  it("imports a file through an adapter", function()
    world.gives("lock_catalogue", { { locked = true } })
    world.answers.import_movies = stored
    local import = require "plateia.boot" (app).import
    assert.matches("^vega: 1 film added, ",
      world.drive(import, "vega", '[{"Title": "A", "Release Date": "Jun 12 1998"}]'))
    assert.matches("there is no adapter \"imdb\"", select(2, import "imdb"))
  end)
end)
