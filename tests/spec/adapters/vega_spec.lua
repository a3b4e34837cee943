local json = require "plateia.json"
local vega = require "adapters.vega"
local records_of = require "tests.spec.support.records"
local world = require "tests.spec.support.world"

describe("the bundled films", function()
  local films, refused, years = {}, {}, {}
  for i, record in ipairs(records_of(vega)) do
    local film, reason = vega.translate(record)
    if film then
      films[#films + 1], films[film.key] = film, film
      years[film.year or 0] = (years[film.year or 0] or 0) + 1
    else
      refused[#refused + 1] = i .. " " .. reason
    end
  end

  it("are 3200, with keys of their own, and one record without a title", function()
    assert.equal(3200, #films)
    local keys = 0
    for key in pairs(films) do keys = keys + (type(key) == "string" and 1 or 0) end
    assert.equal(3200, keys)
    assert.same({ "3054 has no title" }, refused)
  end)

  it("have titles that are text, also where they are numbers", function()
    assert.equal("300", films["300 (Mar 09 2007)"].title)
    local numbers = 0
    for _, film in ipairs(films) do numbers = numbers + (film.title:find "^%d+$" and 1 or 0) end
    assert.equal(9, numbers)
  end)

  it("are all from the years 1911 to 2011", function()
    for year in pairs(years) do assert.is_true(year >= 1911 and year <= 2011, tostring(year)) end
    assert.equal(1939, films["Gone with the Wind (Dec 15 2039)"].year)
    assert.equal(1915, films["The Birth of a Nation (Feb 08 2015)"].year)
    assert.equal(2007, films["300 (Mar 09 2007)"].year)
  end)
end)

describe("vega", function()
  it("takes a record that has nothing but a title", function()
    assert.same({ title = "A", key = "A (no date)" }, vega.translate { Title = "A", ["Release Date"] = json.null })
  end)

  it("leaves the year out of a date that it cannot read", function()
    assert.same({ title = "A", key = "A (soon)" }, vega.translate { Title = "A", ["Release Date"] = "soon" })
  end)

  it("says so where its file is missing or broken", function()
    world.files["adapters/vega/movies.json"] = "["
    assert.same({ nil, "record 1 is no JSON: it ends in the middle, or is longer than 256 KiB", "invalid" },
      { vega.pages()() })
    world.files["adapters/vega/movies.json"] = "{}"
    assert.equal("invalid", select(3, vega.pages()))
    world.reset()
  end)
end)
