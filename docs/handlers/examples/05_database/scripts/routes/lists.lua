local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local lists = require "lib.lists"

local name = field.string { min_length = 1, max_length = 40 }
local movie_id = field.integer { min = 1 }
local List = field.object({
  films = field.list { of = { id = field.integer {}, title = field.string {} } },
}, { name = "List" })

return {
  route.get "/lists/{name}" {
    summary = "The films of a list",
    path = { name = name },
    answers = { [200] = List },
    handler = function(req)
      local films, why, code = lists.films(req.path.name)
      if not films then return fail[code](why) end
      return { films = films }
    end,
  },

  route.put "/lists/{name}" {
    summary = "Replace a list",
    path = { name = name },
    body = { movie_ids = field.list { of = movie_id, max = 100 } },
    answers = { [200] = List, [422] = fail.Problem },
    handler = function(req)
      local films, why, code = lists.replace(req.path.name, req.body.movie_ids)
      if not films then return fail[code](why) end
      return { films = films }
    end,
  },

  route.put "/lists/{name}/{movie_id}" {
    summary = "Add a film to a list",
    path = { name = name, movie_id = movie_id },
    answers = { [204] = field.nothing, [404] = fail.Problem },
    handler = function(req)
      local fine, why, code = lists.add(req.path.name, req.path.movie_id)
      if not fine then return fail[code](why) end
      return nil, 204
    end,
  },

  route.delete "/lists/{name}/{movie_id}" {
    summary = "Remove a film from a list",
    path = { name = name, movie_id = movie_id },
    answers = { [204] = field.nothing, [404] = fail.Problem },
    handler = function(req)
      local removed, why, code = lists.remove(req.path.name, req.path.movie_id)
      if not removed then return fail[code](why) end
      return nil, 204
    end,
  },
}
