local records_of = require "tests.spec.support.records"
local wikidata = require "adapters.wikidata"

local function literal(value, language)
  return { type = "literal", value = value, ["xml:lang"] = language }
end

local function film_of(changes)
  local record = { imdb = literal "tt0000001", filmLabel = literal("A film", "en") }
  for name, value in pairs(changes) do record[name] = value end
  return wikidata.translate(record)
end

describe("wikidata", function()
  it("brings 97 films, all with a director, a year and a genre, 90 with their minutes", function()
    local films, timed = 0, 0
    for _, record in ipairs(records_of(wikidata)) do
      local film = assert(wikidata.translate(record))
      films, timed = films + 1, timed + (film.minutes and 1 or 0)
      assert.is_true(film.director and film.genre and film.year >= 1927 and film.year <= 2019)
      assert.matches("^tt%d%d%d%d%d%d%d$", film.key)
    end
    assert.same({ 97, 90 }, { films, timed })
  end)

  it("takes the year of a date, whatever its precision", function()
    for date, year in pairs { ["1972-01-01T00:00:00Z"] = 1972, ["1972-03-14T00:00:00Z"] = 1972 } do
      assert.equal(year, film_of({ published = literal(date) }).year)
    end
    for _, date in ipairs { "t123", "1972", "-0044-01-01T00:00:00Z", "" } do
      assert.is_nil(film_of({ published = literal(date) }).year)
    end
  end)

  it("rounds minutes and leaves strange ones out", function()
    for text, minutes in pairs { ["175"] = 175, ["94.5"] = 95, ["94.4"] = 94 } do
      assert.equal(minutes, film_of({ minutes = literal(text) }).minutes)
    end
    for _, text in ipairs { "0", "-5", "1e3", "142 min", "" } do
      assert.is_nil(film_of({ minutes = literal(text) }).minutes)
    end
  end)

  it("calls genres as the catalogue does", function()
    for theirs, ours in pairs { ["crime film"] = "Crime", ["science fiction film"] = "Science Fiction",
      ["thriller film"] = "Thriller/Suspense", ["Western film"] = "Western", ["film noir"] = "Film Noir" } do
      assert.equal(ours, film_of({ genreLabel = literal(theirs, "en") }).genre)
    end
  end)

  it("takes ids in place of names, and blank nodes, as no names", function()
    assert.is_nil(film_of({ directorLabel = literal "Q42" }).director)
    assert.is_nil(film_of({ directorLabel = { type = "bnode", value = "t5" } }).director)
    assert.equal("Q", film_of({ directorLabel = literal("Q", "en") }).director)
    assert.same({ nil, "has no title", "tt0000001" }, { film_of { filmLabel = literal "Q42" } })
  end)
end)
