-- Lists of films that go by a name.

local db = require "plateia.db"

local lists = {}

local empty = db.query "list_empty"
local fill = db.query "list_fill"
local add = db.batched "list_add"

-- Each returns what its query does, or nil, message, code.
lists.films = db.rows "list_films"
lists.remove = db.one("list_remove", "this film is not in the list")

-- All or nothing: the new films instead of the old ones, or nil, message, code and the list as it was.
function lists.replace(name, movie_ids)
  local tx <close>, why, code = db.transaction()
  if not tx then return nil, why, code end
  local done
  done, why, code = tx:query(empty, name)
  if not done then return nil, why, code end
  done, why, code = tx:query(fill, name, movie_ids)
  if not done then return nil, why, code end
  if #done < #movie_ids then return nil, "some of these films do not exist, or are there twice", "invalid" end
  done, why, code = tx:commit()
  if not done then return nil, why, code end
  return lists.films(name)
end

-- True; or nil, message, code.
function lists.add(name, movie_id)
  local row, why, code = add(name, movie_id)
  if not row then return nil, why, code end
  if row.outcome == "no_film" then return nil, "there is no film with this id", "not_found" end
  return true
end

return lists
