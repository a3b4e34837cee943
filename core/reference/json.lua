---@meta plateia.json

--- JSON. Answers are written by the route's declaration: this is for whatever else.
---@class plateia.json
---@field null userdata JSON's null in a table, where nil would be no member at all
local json = {}

--- Reads a text of at most 8 MiB and 32 levels. Whole numbers up to 2^53 come as integers.
---@param text string
---@return any value `json.null` for null
---@return string? why
---@return "invalid"? code
function json.decode(text) end

--- Writes a value. Raises where it cannot be JSON, or is too large.
---@param value any
---@return string text
function json.encode(value) end

--- Marks a table as a list, so that an empty one is `[]`.
---@generic T: table
---@param list T
---@return T list the same
function json.array(list) end

--- Whether a table is a list: marked, read from one, or with a first element.
---@param value any
---@return boolean
function json.is_array(value) end

--- A metatable for objects whose members are written in this order, and no others.
---@param names string[]
---@return table metatable
function json.order(names) end

--- A form of plateia.field made ready for `write`.
---@param form plateia.Field
---@return userdata shape
function json.shape(form) end

--- Writes what the form declares, and only that.
---@param shape userdata
---@param value any
---@return string? text nil where the form is `field.nothing`, or the value does not fit
---@return string? why what does not fit
function json.write(shape, value) end

return json
