---@meta plateia.route

--- Declares what is served. A file of routes/ returns one declaration, or a list of them; from it come parsing,
--- validation, the login check, the answer's form and the API's description.
---
--- ```lua
--- return route.get "/things/{id}" {
---   summary = "One thing", name = "get_thing", tags = { "things" },
---   path = { id = field.integer { min = 1 } },
---   answers = { [200] = things.Thing, [404] = fail.Problem },
---   handler = function(req)
---     local thing, why, code = things.find(req.path.id)
---     if not thing then return fail[code](why) end
---     return thing
---   end,
--- }
--- ```
---@class plateia.route
local route = {}

---@class plateia.Route
---@field summary? string
---@field path? table<string, plateia.Field> one for each {name} of the path
---@field query? table<string, plateia.Field>
---@field body? plateia.Field|table<string, plateia.Field> JSON; not of GET
---@field form? table<string, plateia.Field> application/x-www-form-urlencoded, in place of a body
---@field depends? table<string, plateia.Depend> resolved before the handler, their results under these keys of the request
---@field answers? table<integer, plateia.Field|table> status -> form: only what it declares is written
---@field cached? plateia.route.Cached the answer is the same for everybody, and kept
---@field stream? string in place of a handler: Server-Sent Events, which plateia.stream publishes under this name
---@field handler? async fun(req: plateia.Request): any, integer?, table<string, string>? value, status (200), headers
---@field name? string the operation's, for the API's description
---@field description? string
---@field tags? string[]
---@field hidden? boolean not in the API's description
---@field headers? table<string, string> of good answers: name -> what it tells, for the API's description
---@field events? table<string, plateia.Field|table> of a stream: name -> the form of its data, for the API's description

---@class plateia.route.Cached
---@field ttl number seconds until the answer is made anew
---@field fresh? number seconds for which an event does not make it old
---@field stale? number seconds for which the old one is given while a new one is made
---@field drop_on? string[] the events that make it old

--- What is declared of a path, yet to be said: `route.get "/things" { ... }`.
---@alias plateia.route.Declare fun(declaration: plateia.Route): plateia.Route

--- A route of GET.
---@param path string it begins with "/"; {name} is one segment
---@return plateia.route.Declare declare
function route.get(path) end

--- A route of POST.
---@param path string
---@return plateia.route.Declare declare
function route.post(path) end

--- A route of PUT.
---@param path string
---@return plateia.route.Declare declare
function route.put(path) end

--- A route of PATCH.
---@param path string
---@return plateia.route.Declare declare
function route.patch(path) end

--- A route of DELETE.
---@param path string
---@return plateia.route.Declare declare
function route.delete(path) end

return route
