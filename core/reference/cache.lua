---@meta plateia.cache

--- The one cache of the process, of texts. A route that declares `cached` needs none of this. One asker fills, the
--- others wait or get the old value; who got "miss" owes a `put` or an `abandon`.
---
--- ```lua
--- local found, value = cache.get "report"
--- if found == "miss" then
---   local ticket = value
---   value = make_report()
---   cache.put("report", value, { ttl = 60, stale = 600, tags = { "order.placed" } }, ticket)
--- end
--- ```
---@class plateia.cache
local cache = {}

--- When an answer is old, and what makes it so.
---@class plateia.cache.Rule
---@field ttl number seconds until it is old
---@field fresh? number seconds for which a drop does not make it old
---@field stale? number seconds behind ttl in which it is still given while somebody makes a new one
---@field tags? string[] at most 4: `drop` of one of them makes it old, as does an event of that name
---@field renew? boolean kept for whoever renews what is in use (cached routes do)

--- Looks, and waits where another request is making the value. "hit" or "stale" come with value, age, seconds left and
--- whether it waited; "miss" with the ticket for `put` and whether there is an older value.
---@async
---@param key string at most 64 KiB
---@param handle? userdata the prelude's own
---@return "hit"|"stale"|"miss"|nil found
---@return string|integer|nil value or ticket; or why
---@return number|boolean|"busy"|nil age or whether an older value is known; or the code
---@return number? left seconds
---@return boolean? waited
function cache.get(key, handle) end

--- Fills what was missed. Where somebody dropped it meanwhile, it is old at once.
---@param key string
---@param value string
---@param rule plateia.cache.Rule
---@param ticket integer of the miss
---@return true? kept
---@return string? why
---@return "limit"|"error"? code
function cache.put(key, value, rule, ticket) end

--- Gives a filling up, so that the next asker tries.
---@param key string
function cache.abandon(key) end

--- Makes every entry old that carries the tag.
---@param tag string
function cache.drop(tag) end

return cache
