---@meta plateia.field

--- What a value may be, said once: from it come parsing, validation, the answer's form and the API's description.
---
--- ```lua
--- query = { limit = field.integer { min = 1, max = 100, default = 20 }, after = field.string { optional = true } }
--- ```
---@class plateia.field
---@field nothing plateia.Field the form of an answer without a body, as 204 is
local field = {}

--- What may stand in every field.
---@class plateia.field.Common
---@field optional? boolean it may be left out of a request, and is null in an answer
---@field default? string|number|boolean what it is where it is left out
---@field check? fun(value: any): any, string? gives the value on, changed or not; or nil and what is wrong
---@field secret? boolean its value is never repeated to anybody
---@field summary? string for the API's description
---@field example? any for the API's description

---@class plateia.field.Bounds: plateia.field.Common
---@field min? number
---@field max? number

---@class plateia.field.Text: plateia.field.Common
---@field min_length? integer characters
---@field max_length? integer
---@field format? "email"|"phone"|"date-time"|"password" the first two are checked, the others only told

---@class plateia.field.Items: plateia.field.Common
---@field of plateia.Field|table<string, plateia.Field> what it is a list of
---@field min? integer items
---@field max? integer

---@class plateia.field.Named: plateia.field.Common
---@field name? string the API describes it once, under this name

--- A field: only plateia.field makes one.
---@class plateia.Field

--- A whole number, of at most 2^53 either way.
---@param given? plateia.field.Bounds
---@return plateia.Field field
function field.integer(given) end

--- A number.
---@param given? plateia.field.Bounds
---@return plateia.Field field
function field.number(given) end

--- Text: UTF-8 without NUL.
---@param given? plateia.field.Text
---@return plateia.Field field
function field.string(given) end

--- true or false; in a path, query or form also 1, 0, on, off, yes and no.
---@param given? plateia.field.Common
---@return plateia.Field field
function field.boolean(given) end

--- One of these words: `field.choice { "all", "current", default = "all" }`.
---@param given plateia.field.Common|string[]
---@return plateia.Field field
function field.choice(given) end

--- An object of these members, and no others. A plain table of fields means the same.
---@param fields table<string, plateia.Field>
---@param given? plateia.field.Named
---@param at? string where it is declared, for messages: the prelude's own
---@return plateia.Field field
function field.object(fields, given, at) end

--- A list.
---@param given plateia.field.Items
---@return plateia.Field field
function field.list(given) end

--- Whatever JSON can say, as it is.
---@param given? plateia.field.Common
---@return plateia.Field field
function field.any(given) end

return field
