---@meta plateia.fail

--- How a handler or a depend ends a request with a failure: each function raises, and nothing after it runs. What lib/
--- returns as its third result is one of these names, and what the server's own modules do, but for "limit" and "denied".
---
--- ```lua
--- local thing, why, code = things.find(id)
--- if not thing then return fail[code](why) end
--- ```
---@class plateia.fail
---@field Problem plateia.Field the form of a failed request's answer, for a route's `answers`
---@field [string] fun(why?: string, more?: table) so that a code finds its function
local fail = {}

--- 400: the request cannot be read.
---@param why? string a sentence for the client
---@param more? table further members of the answer
function fail.bad_request(why, more) end

--- 401: nobody is signed in.
---@param why? string
---@param more? table
function fail.unauthorized(why, more) end

--- 403: not for this user.
---@param why? string
---@param more? table
function fail.forbidden(why, more) end

--- 404: there is no such thing.
---@param why? string
---@param more? table
function fail.not_found(why, more) end

--- 409: it does not go with what is there.
---@param why? string
---@param more? table
function fail.conflict(why, more) end

--- 413: what was sent is too large.
---@param why? string
---@param more? table
function fail.too_large(why, more) end

--- 415: the body's media type is another than the one asked for.
---@param why? string
---@param more? table
function fail.unsupported(why, more) end

--- 422: a value is wrong.
---@param why? string
---@param more? table
function fail.invalid(why, more) end

--- 429: too many attempts. plateia.throttle does this by itself.
---@param why? string
---@param more? table
function fail.too_many(why, more) end

--- 500: our own fault. The reason goes to the log, the client gets the request's id.
---@param why? string for the log
---@param more? table
function fail.error(why, more) end

--- 503, with Retry-After: no capacity right now.
---@param why? string it has words of its own
---@param more? table
function fail.busy(why, more) end

--- 503, with Retry-After: it took longer than it may.
---@param why? string it has words of its own
---@param more? table
function fail.timeout(why, more) end

--- 503, with Retry-After: it may have been done, or not.
---@param why? string it has words of its own
---@param more? table
function fail.unknown(why, more) end

--- The form of a failed answer where a route knows what is said, in place of `fail.Problem`:
--- `answers = { [404] = fail.problem("there is no such thing") }`. Only the API's description tells the two apart.
---@param words string an example of what is said
---@param more? table<string, plateia.Field> the fields of further members
---@return plateia.Field form
function fail.problem(words, more) end

return fail
