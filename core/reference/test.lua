---@meta plateia.test

--- For specs, `*_spec.lua` files that `plateia test` runs, and there alone: requests without a network, users, the clock,
--- and what happened. Whatever a spec does is taken back at its end. docs/handlers/testing.md tells how one is written.
---
--- ```lua
--- local test = require "plateia.test"
---
--- it("is made by whoever is signed in", function()
---   local answer = test.post("/things", { json = { name = "chair" }, as = test.user() })
---   assert.equal(201, answer.status, answer.body)
--- end)
--- ```
---@class plateia.test
local test = {}

--- What a request holds. One of `json`, `form` and `body`, or none.
---@class plateia.test.Options
---@field query? table<string, any> what stands behind the `?`
---@field json? any a body of JSON
---@field form? table<string, any> a body as HTML forms have it
---@field body? string any other body; say what it is in the headers
---@field headers? table<string, string>
---@field as? plateia.test.User|integer who is signed in: a user, or an id

--- What a server would have answered.
---@class plateia.test.Answer
---@field status integer
---@field headers table<string, string> found by any case of a name
---@field body string
---@field json any the body, where it is JSON

--- A user: its id, and whatever else `specs.user` of app.lua gives.
---@class plateia.test.User
---@field id integer
---@field [string] any

--- A message that a channel was given.
---@class plateia.test.Notification
---@field channel string
---@field to string
---@field subject string
---@field text string
---@field template string
---@field data table
---@field key string

--- Asks by GET.
---@async
---@param path string it begins with "/"
---@param options? plateia.test.Options
---@return plateia.test.Answer answer
function test.get(path, options) end

--- Asks by POST.
---@async
---@param path string
---@param options? plateia.test.Options
---@return plateia.test.Answer answer
function test.post(path, options) end

--- Asks by PUT.
---@async
---@param path string
---@param options? plateia.test.Options
---@return plateia.test.Answer answer
function test.put(path, options) end

--- Asks by PATCH.
---@async
---@param path string
---@param options? plateia.test.Options
---@return plateia.test.Answer answer
function test.patch(path, options) end

--- Asks by DELETE.
---@async
---@param path string
---@param options? plateia.test.Options
---@return plateia.test.Answer answer
function test.delete(path, options) end

--- Asks by any method.
---@async
---@param method string
---@param path string
---@param options? plateia.test.Options
---@return plateia.test.Answer answer
function test.request(method, path, options) end

--- A new user, made by `specs.user` of app.lua.
---@async
---@param wanted? table what it has to have; the rest is up to app.lua
---@return plateia.test.User user
function test.user(wanted) end

--- A token by which the user is signed in. It goes by the real clock.
---@param user plateia.test.User|integer
---@return string token
function test.token(user) end

--- Stops the clock, of the database's rules and of plateia.clock.
---@async
---@param time? string "2026-12-31T23:59:59Z"; nil: it runs again
function test.at(time) end

--- Runs a query of `sql/queries/`, whatever its class. Raises where it fails.
---@async
---@param name string
---@param ... plateia.db.Value
---@return plateia.db.Row[] rows
function test.query(name, ...) end

--- Runs any statement but those that begin or end transactions. Raises where it fails.
---@async
---@param text string parameters come as text, so cast them: `$1::bigint`
---@param ... plateia.db.Value
---@return plateia.db.Row[] rows
function test.sql(text, ...) end

--- What was published under that name since the spec began, the oldest first.
---@param name string
---@return table[] events
function test.events(name) end

--- What channels were given since the spec began: none of them sends.
---@return plateia.test.Notification[] notifications
function test.notifications() end

--- Runs what `background.after` has put off, then the observers of what was published, until nothing is left.
---@async
function test.run_observers() end

--- Runs each observer that has no `on` once, and then the others.
---@async
function test.run_timers() end

return test
