-- plateia.db: the database by named queries (sql/queries/NAME.sql). Scripts name them and never pass SQL.
--
--   local page = db.query "movies_page"     -- when the file loads: raises if there is no such query
--   local rows, why, code = page(after, 20) -- in a handler: waits; rows, or nil, message, code
--
-- Inside a transaction the same functions name what is to run:
--   local tx <close> = db.transaction()     -- rolled back unless committed
--   local rows, why, code = tx:query(page, after, 20)

local options = require "plateia.options"
local raw = require("plateia.raw").db

local run, run_rows, run_first = raw.run, raw.rows, raw.first
local names = setmetatable({}, { __mode = "k" }) -- function made here -> its query's name

local db = {}

-- Called in parentheses: a tail call would lose the place of whoever declares.
local function declare(what, name, batch, call)
  local class = type(name) == "string" and raw.class(name)
  if not class then
    options.refuse(what, ("there is no query \"%s\": a file sql/queries/%s.sql would make one"):format(name, name))
  end
  if batch ~= (class == "batch") then
    options.refuse(what, ("query \"%s\" has the class %s: use %s"):format(name, class,
      batch and "db.query, db.rows or db.one" or "db.batched"))
  end
  names[call] = name
  return call
end

local function found(absent, row, why, code, state)
  if row then return row end
  if why then return nil, why, code, state end
  return nil, absent, "not_found"
end

-- All rows: an array of { column = value }.
function db.query(name)
  return (declare("db.query", name, false, function(...) return run(name, ...) end))
end

-- All rows as they came, for a list that is only handed on: #rows, rows[i] (a copy, as a table), ipairs;
-- rows[#rows] = nil drops the last, and nothing else can be changed. A page of twenty costs a quarter less so.
function db.rows(name)
  return (declare("db.rows", name, false, function(...) return run_rows(name, ...) end))
end

-- The first row; where there is none: nil, absent, "not_found".
function db.one(name, absent)
  absent = absent or "there is no such row"
  return (declare("db.one", name, false, function(...) return found(absent, run_first(name, ...)) end))
end

-- One row's part of a statement that the core runs for many callers at once.
function db.batched(name)
  return (declare("db.batched", name, true, function(...) return run_first(name, ...) end))
end

local Transaction = {}
Transaction.__index = Transaction
Transaction.__metatable = "transaction"

function Transaction:query(statement, ...)
  return self._tx:run(names[statement] or statement, ...)
end

function Transaction:one(statement, ...)
  local rows, why, code, state = self._tx:run(names[statement] or statement, ...)
  return found("there is no such row", rows and rows[1], why, code, state)
end

function Transaction:commit()
  return self._tx:commit()
end

-- Never waits: what was not committed is rolled back by the pool.
function Transaction:close()
  self._tx:close()
end
Transaction.__close = Transaction.close

function db.transaction()
  local tx, why, code, state = raw.begin()
  if not tx then return nil, why, code, state end
  return setmetatable({ _tx = tx }, Transaction)
end

return db
