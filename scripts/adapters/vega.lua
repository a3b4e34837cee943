-- The films of vega-datasets (see vega/README.md): a JSON array with known faults, which it is on purpose.

local adapter = require "adapters"
local json = require "plateia.json"

-- The set was made in 2011: "Dec 31 2046" is a date whose century was guessed wrong.
local NEWEST = 2011

return adapter {
  name = "vega",
  file = "adapters/vega/movies.json",

  fields = {
    title = "Title",
    year = "Release Date",
    genre = "Major Genre",
    director = "Director",
    minutes = "Running Time min",
  },

  functions = {
    -- Nine titles are numbers: "300", "2012".
    title = function(title)
      if math.type(title) == "integer" then return tostring(title) end
      return title
    end,

    -- "Jun 12 1998" -> 1998
    year = function(date)
      local year = type(date) == "string" and tonumber(date:match(" (%d%d%d%d)$"))
      if not year then return nil end
      return year > NEWEST and year - 100 or year
    end,

    -- There is no id. Title and date together are unique.
    key = function(_, record, film)
      if not film.title then return nil end
      local date = record["Release Date"]
      return ("%s (%s)"):format(film.title, type(date) == "string" and date or "no date")
    end,
  },

  sample = {
    record = { ["Title"] = 1776, ["US Gross"] = 0, ["Release Date"] = "Nov 09 2046", ["MPAA Rating"] = "PG",
      ["Running Time min"] = json.null, ["Major Genre"] = "Drama", ["Director"] = "Peter H. Hunt" },
    film = { title = "1776", year = 1946, genre = "Drama", director = "Peter H. Hunt",
      key = "1776 (Nov 09 2046)" },
  },
}
