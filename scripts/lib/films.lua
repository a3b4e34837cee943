-- The catalogue as readers see it.

local db = require "plateia.db"
local field = require "plateia.field"

local films = {}

films.Film = field.object({
  id = field.integer { min = 1, example = 42 },
  title = field.string { example = "Central do Brasil" },
  year = field.integer { optional = true, example = 1998 },
  genre = field.string { optional = true, example = "Drama" },
  director = field.string { optional = true, example = "Walter Salles" },
  minutes = field.integer { optional = true, summary = "running time", example = 110 },
}, { name = "Film" })

local list = db.rows "movies_page"
local search = db.rows "movies_search"

films.find = db.one("movie_by_id", "there is no film with this id")

-- At most `limit` films by id, those behind `after`, with `text` in the title (or "" or nil: all). Also
-- returns the id after which the next page begins, or nil at the end: one film more than wanted is asked for.
function films.page(after, limit, text)
  local rows, why, code
  if text and text ~= "" then
    rows, why, code = search(text, after, limit + 1)
  else
    rows, why, code = list(after, limit + 1)
  end
  if not rows then return nil, why, code end
  if #rows <= limit then return rows end
  rows[limit + 1] = nil
  return rows, rows[limit].id
end

return films
