local films = require "lib.films"
local world = require "tests.spec.support.world"

local function some(count)
  local rows = {}
  for i = 1, count do rows[i] = { id = i, title = "Film " .. i } end
  return rows
end

before_each(world.reset)

describe("films.page", function()
  it("asks for one film more than wanted and tells where the next page begins", function()
    world.answers.movies_page = function(_, limit) return some(limit) end
    local items, last = films.page(nil, 20)
    assert.same({ nil, 21, n = 2 }, world.args_of "movies_page")
    assert.equal(20, #items)
    assert.equal(20, last)
  end)

  it("ends where there is no film more", function()
    world.gives("movies_page", some(20))
    local items, last = films.page(100, 20)
    assert.equal(20, #items)
    assert.is_nil(last)
    world.gives("movies_page", {})
    assert.same({}, films.page(100, 20))
  end)

  it("searches only where there is a text", function()
    world.gives("movies_search", some(3))
    world.gives("movies_page", some(1))
    assert.equal(3, #films.page(7, 20, "star"))
    assert.same({ "star", 7, 21, n = 3 }, world.args_of "movies_search")
    assert.equal(1, #films.page(7, 20, ""))
  end)

  it("hands a failure on", function()
    world.fails("movies_page", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { films.page(nil, 20) })
  end)
end)

describe("films.find", function()
  it("knows a film that is not there", function()
    world.gives("movie_by_id", {})
    assert.same({ nil, "there is no film with this id", "not_found" }, { films.find(9) })
  end)
end)
