-- Films as the Wikidata Query Service answers (see wikidata/README.md): SPARQL results, where every value is a
-- term { type, value, ... } and what is not known is left out.

local adapter = require "adapters"

-- Labels of the genres that our catalogue calls otherwise; of any other "... film" the first words are taken.
local GENRES = {
  ["thriller film"] = "Thriller/Suspense",
  ["romantic comedy film"] = "Romantic Comedy",
  ["romance film"] = "Romance",
  ["documentary film"] = "Documentary",
  ["concert film"] = "Concert/Performance",
}

-- An unknown value is a blank node, not a literal. A thing that has no name in the language asked for comes with
-- its id as its label ("Q42", of no language).
local function label(name)
  return function(value, record)
    local term = record[name]
    if type(value) ~= "string" or term.type ~= "literal" then return nil end
    if not term["xml:lang"] and value:find "^Q%d+$" then return nil end
    return value
  end
end

local genre_label = label "genreLabel"

return adapter {
  name = "wikidata",
  file = "adapters/wikidata/films.json",
  path = { "results", "bindings" },

  fields = {
    key = { "imdb", "value" },
    title = { "filmLabel", "value" },
    year = { "published", "value" },
    genre = { "genreLabel", "value" },
    director = { "directorLabel", "value" },
    minutes = { "minutes", "value" },
  },

  functions = {
    title = label "filmLabel",
    director = label "directorLabel",

    -- "1972-01-01T00:00:00Z" -> 1972
    year = function(date)
      return type(date) == "string" and math.tointeger(tonumber(date:match "^(%d%d%d%d)%-%d%d%-%d%dT")) or nil
    end,

    -- "science fiction film" -> "Science Fiction"
    genre = function(value, record)
      local name = genre_label(value, record)
      if not name then return nil end
      local words = name:lower()
      return GENRES[words] or (words:gsub(" film$", ""):gsub("%f[%a]%a", string.upper))
    end,

    -- A decimal: "175", "94.5"
    minutes = function(decimal)
      local number = type(decimal) == "string" and decimal:find "^%d+%.?%d*$" and tonumber(decimal)
      if not number or number < 0.5 then return nil end
      return math.floor(number + 0.5)
    end,
  },

  sample = {
    record = {
      imdb = { type = "literal", value = "tt0062622" },
      filmLabel = { ["xml:lang"] = "en", type = "literal", value = "2001: A Space Odyssey" },
      published = { datatype = "http://www.w3.org/2001/XMLSchema#dateTime", type = "literal",
        value = "1968-01-01T00:00:00Z" },
      directorLabel = { ["xml:lang"] = "en", type = "literal", value = "Stanley Kubrick" },
      minutes = { datatype = "http://www.w3.org/2001/XMLSchema#decimal", type = "literal", value = "148.6" },
      genreLabel = { ["xml:lang"] = "en", type = "literal", value = "science fiction film" },
    },
    film = { key = "tt0062622", title = "2001: A Space Odyssey", year = 1968, genre = "Science Fiction",
      director = "Stanley Kubrick", minutes = 149 },
  },
}
