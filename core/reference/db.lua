---@meta plateia.db

--- The database by named queries (`sql/queries/NAME.sql`). Scripts name them and never pass SQL. A declaration stands at
--- the top of a file and raises where there is no such query; what it returns is called in a handler, and waits.
---
--- ```lua
--- local page = db.query "things_page"
--- local rows, why, code = page(after, 20)
---
--- local tx <close> = db.transaction()     -- rolled back unless committed
--- local row, why, code = tx:one(thing, id)
--- ```
---
--- A column's NULL is nil; bigint and int are integers, a timestamptz is RFC 3339 text. A failure of the database itself
--- has a fourth result, its SQLSTATE.
---@class plateia.db
local db = {}

--- What a parameter may be: text without NUL, a number, a boolean, a list of these, or nil for NULL.
---@alias plateia.db.Value string|number|boolean|table|nil

--- A row: column -> value.
---@alias plateia.db.Row table<string, any>

--- Why there is no answer. "unknown": the connection was lost with the statement in flight, and nobody repeats it.
---@alias plateia.db.Code "busy"|"timeout"|"unknown"|"error"

--- A declared query that gives all rows.
---@alias plateia.db.Query async fun(...: plateia.db.Value): plateia.db.Row[]?, string?, plateia.db.Code?, string?

--- All rows in one block, to be handed on: a list that is read (`#rows`, `rows[i]`, each time a new table, `ipairs`), and of
--- which `rows[#rows] = nil` drops the last.
---@class plateia.db.Rows
---@field [integer] plateia.db.Row

--- A declared query that gives all rows in one block.
---@alias plateia.db.Kept async fun(...: plateia.db.Value): plateia.db.Rows?, string?, plateia.db.Code?, string?

--- A declared query that gives one row; where there is none: nil, the words of its declaration, "not_found".
---@alias plateia.db.One async fun(...: plateia.db.Value): plateia.db.Row?, string?, (plateia.db.Code|"not_found")?, string?

--- Declares a query of class `read` or `lease`, for all its rows.
---@param name string
---@return plateia.db.Query query
function db.query(name) end

--- The same for rows that are only handed on, as a page's `items` are: an answer is written of them without a table for each.
---@param name string
---@return plateia.db.Kept query
function db.rows(name) end

--- Declares a query of class `read` or `lease`, for its first row.
---@param name string
---@param absent? string what is said where there is none
---@return plateia.db.One query
function db.one(name, absent) end

--- Declares a query of class `batch`: called as if alone, run for many callers at once. Gives this call's row.
---@param name string
---@return plateia.db.One query
function db.batched(name) end

--- Begins a transaction: one at a time in a request, and while it is open only its own methods reach the database.
--- It is rolled back where its variable (`<close>`) goes out of scope, or the request ends, without a commit.
---@async
---@return plateia.db.Transaction? tx
---@return string? why
---@return plateia.db.Code? code
function db.transaction() end

--- An open transaction, on a connection of its own.
---@class plateia.db.Transaction
local Transaction = {}

--- All rows of a query that `db.query` or `db.one` has declared.
---@async
---@param statement plateia.db.Query|plateia.db.One|string what was declared, or the query's name
---@param ... plateia.db.Value
---@return plateia.db.Row[]? rows
---@return string? why
---@return plateia.db.Code? code
function Transaction:query(statement, ...) end

--- The first row of one.
---@async
---@param statement plateia.db.Query|plateia.db.One|string
---@param ... plateia.db.Value
---@return plateia.db.Row? row
---@return string? why
---@return plateia.db.Code|"not_found"? code
function Transaction:one(statement, ...) end

--- Ends it for good. "unknown": it may be committed, or not.
---@async
---@return true? committed
---@return string? why
---@return plateia.db.Code? code
function Transaction:commit() end

--- Rolls back what was not committed. Never waits. `<close>` calls it.
function Transaction:close() end

return db
