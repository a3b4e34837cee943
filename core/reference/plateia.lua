---@meta plateia

--- What goes through the hands of every script.

--- What went wrong, for programs: the third result of whatever can fail. `fail[code](why)` answers with it; but what
--- "limit" and "denied" mean to a client is the handler's to say (`fail.too_large`, `fail.unauthorized` ...).
---@alias plateia.Code
---| "busy"      # no capacity right now: trying again in a moment is right
---| "timeout"   # it took longer than it may
---| "unknown"   # the connection was lost: it may have been done, or not
---| "invalid"   # what was given cannot be right
---| "not_found" # there is no such thing
---| "limit"     # it is larger than it may be
---| "denied"    # it is not allowed, or not authentic
---| "error"     # anything else: the message says what

--- A request, as handlers and depends see it. Each depend's result stands in it under the depend's key.
---@class plateia.Request
---@field path table what `path` of the route declares, read and checked
---@field query table the same of `query`
---@field body table the same of `body`, from JSON
---@field form table the same of `form`
---@field id string of the request: it stands in the log and in the answer's X-Request-Id
---@field [string] any a depend's result
local Request = {}

--- A header of the request, whatever the case of its name.
---@param name string
---@return string? value nil where it was not sent
function Request:header(name) end

--- The token of `Authorization: Bearer TOKEN`.
---@return string? token it may be empty; nil where there is no such header
function Request:bearer() end

--- Sets a header of the answer, whatever the answer will be. Raises where name or value is no line of text, or the
--- header is the server's own (Content-Length, Connection ...).
---@param name string
---@param value string
function Request:set_header(name, value) end

--- The client's address; behind a trusted proxy, that which the proxy names.
---@return string address
function Request:peer() end

--- The request's trace (W3C Trace Context), for whoever calls out: what goes into the header `traceparent`.
---@return string traceparent
function Request:traceparent() end

--- What `app.lua` returns: what is on. Any key may be left out.
---@class plateia.App
---@field routes? table of plateia.route, or lists of them: `all "routes"`
---@field observers? table of plateia.Observer, or lists of them: `all "observers"`
---@field channels? plateia.Channel[]
---@field adapters? table each with a name of its own: `all "adapters"`
---@field required? table<string, string> "METHOD /path" -> "open", or the security that must guard it: no edit can lose it
---@field seed? async fun(progress: plateia.Progress): string? runs at every start; what it returns is logged
---@field import? async fun(adapter: table, text: string?, progress: plateia.Progress): string?, string? `plateia import`
---@field specs? table for `plateia test`: user, async fun(fields: table): table?, string? makes one for test.user
---@field api? table what routes do not say themselves of the API: title, version, description, license, tags, securities

--- Tells how far a job is, for whoever follows it.
---@alias plateia.Progress fun(done: integer, total: integer, what: string)

--- Runs after events, or by the clock; one run at a time, once a process. It may wait, as a handler may.
---@class plateia.Observer
---@field on? string the event's name, of events.lua; without it, it is a timer
---@field every? number seconds: it runs at most so often; of a timer, just so often
---@field run async fun(events: table[]) all that have gathered since it ran last

--- A way to reach somebody: what a file of notifications/ returns.
---@class plateia.Channel
---@field name string small letters, digits and _
---@field check fun(settings: fun(name: string): string?): boolean?, string? whether it can send here, or nil and why not
---@field send async fun(message: table): true?, string?, ("retry"|"dead")? it is out of our hands, or why not
