local http = require "tests.spec.support.http"
local null = require("plateia.json").null
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))

before_each(world.reset)

describe("GET /movies", function()
  before_each(function()
    local function rows(after, limit)
      local list = {}
      for id = (after or 0) + 1, math.min((after or 0) + limit, 45) do
        list[#list + 1] = { id = id, title = "F" .. id }
      end
      return list
    end
    world.answers.movies_page = rows
    world.answers.movies_search = function(_, after, limit) return rows(after, limit) end
  end)

  it("goes through all films, twenty at a time", function()
    local seen, target, pages = {}, "/movies", 0
    while target do
      local answer = ask("GET", target)
      assert.equal(200, answer.status)
      for _, film in ipairs(answer.json.items) do seen[#seen + 1] = film.id end
      local cursor = answer.json.next
      target = cursor ~= null and "/movies?cursor=" .. cursor or nil
      pages = pages + 1
    end
    assert.equal(3, pages)
    assert.equal(45, #seen)
    assert.same({ 1, 45 }, { seen[1], seen[45] })
  end)

  it("is linked to its next page, with limit and search", function()
    local answer = ask("GET", "/movies?limit=5&search=a%26b+%C3%A9")
    assert.equal(('</movies?limit=5&cursor=%s&search=a%%26b%%20%%C3%%A9>; rel="next"'):format(answer.json.next),
      answer.headers.link)
    assert.equal("a&b é", world.args_of "movies_search"[1])
    assert.is_nil(ask("GET", "/movies?limit=100").headers.link)
  end)

  it("writes null for what is not known of a film", function()
    assert.same({ id = 1, title = "F1", year = null, genre = null, director = null, minutes = null },
      ask("GET", "/movies?limit=1").json.items[1])
  end)

  it("is an empty list at the end", function()
    world.gives("movies_page", {})
    assert.equal('{"items":[],"next":null}', ask("GET", "/movies").text)
  end)

  it("is 422 for a bad limit or a cursor that is none", function()
    for _, query in ipairs { "limit=0", "limit=101", "limit=x", "cursor=x", "cursor=", "cursor=0000" } do
      assert.equal(422, ask("GET", "/movies?" .. query).status, query)
    end
  end)
end)

describe("GET /movies/{id}", function()
  it("is one film", function()
    world.gives("movie_by_id", { { id = 3, title = "A", year = 1999, minutes = 90 } })
    local answer = ask("GET", "/movies/3")
    assert.same({ id = 3, title = "A", year = 1999, genre = null, director = null, minutes = 90 }, answer.json)
  end)

  it("is 404 where there is none, 422 for what is no id", function()
    world.gives("movie_by_id", {})
    assert.same({ detail = "there is no film with this id" }, ask("GET", "/movies/3").json)
    assert.equal(404, ask("GET", "/movies/3").status)
    for _, id in ipairs { "0", "-1", "1.5", "x", "9007199254740993" } do
      assert.equal(422, ask("GET", "/movies/" .. id).status, id)
    end
  end)

  it("is 503 without a database, 500 with a broken one", function()
    world.fails("movie_by_id", "no connection", "busy")
    assert.equal(503, ask("GET", "/movies/3").status)
    world.fails("movie_by_id", "column is gone", "error")
    local answer = ask("GET", "/movies/3")
    assert.equal(500, answer.status)
    assert.is_nil(answer.text:find "column")
  end)
end)
