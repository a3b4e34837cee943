local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local cursor = require "lib.cursor"
local films = require "lib.films"

local Page = field.object({
  items = field.list { of = films.Film },
  next = field.string { optional = true, summary = "the cursor of the next page; null: this is the last",
    example = "c62" },
}, { name = "Films" })

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- RFC 8288
local function link(query, next_page)
  local search = query.search and "&search=" .. escape(query.search) or ""
  return { Link = ("</movies?limit=%d&cursor=%s%s>; rel=\"next\""):format(query.limit, next_page, search) }
end

return {
  route.get "/movies" {
    name = "list_movies", tags = { "films" },
    summary = "Films by id, a page at a time",
    query = {
      limit = field.integer { min = 1, max = 100, default = 20 },
      cursor = field.string { max_length = 32, optional = true, check = cursor.read, summary = "`next` of a page",
        example = "c62" },
      search = field.string { max_length = 100, optional = true, summary = "anywhere in the title",
        example = "brasil" },
    },
    headers = { Link = "the next page (RFC 8288), where there is one" },
    answers = { [200] = Page },
    handler = function(req)
      local query = req.query
      local items, last, code = films.page(query.cursor, query.limit, query.search)
      if not items then return fail[code](last) end
      if not last then return { items = items } end
      local next_page = cursor.write(last)
      return { items = items, next = next_page }, 200, link(query, next_page)
    end,
  },

  route.get "/movies/{id}" {
    name = "get_movie", tags = { "films" },
    summary = "One film",
    path = { id = field.integer { min = 1, example = 42 } },
    answers = { [200] = films.Film, [404] = fail.problem("there is no film with this id") },
    handler = function(req)
      local film, why, code = films.find(req.path.id)
      if not film then return fail[code](why) end
      return film
    end,
  },
}
