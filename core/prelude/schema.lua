-- A field of plateia.field as JSON Schema (2020-12, which OpenAPI 3.1 speaks).
--
-- An object with a name is described once, among the components, and referred to. What is optional differs by
-- direction: in a request it may be left out, in an answer it is there and null.

local record = require "plateia.record"
local raw = require "plateia.raw"
local shape = require "plateia.shape"

local EXACT = 1 << 53 -- as field.lua reads integers

local schema = {}
local makers = {}

-- What any integer has to keep to is said to those who send one: in an answer it would only be somebody's example.
function makers.integer(field, ways)
  local most = not ways.answers and EXACT or nil
  return { type = "integer", minimum = field.min or most and -most, maximum = field.max or most }
end

function makers.number(field)
  return { type = "number", minimum = field.min, maximum = field.max }
end

function makers.string(field)
  return { type = "string", minLength = field.min_length, maxLength = field.max_length, format = field.format }
end

function makers.boolean()
  return { type = "boolean" }
end

function makers.choice(field)
  return { type = "string", enum = record.list(field.choices) }
end

function makers.any()
  return {}
end

function makers.list(field, ways)
  return { type = "array", items = schema.of(field.of, ways), minItems = field.min, maxItems = field.max }
end

local function properties(members, ways)
  local parts, required = {}, {}
  for _, member in ipairs(members) do
    local field = member.field
    parts[#parts + 1] = member.name
    parts[#parts + 1] = schema.of(field, ways)
    if ways.answers or not field.optional and field.default == nil then required[#required + 1] = member.name end
  end
  return #members > 0 and record.of(table.unpack(parts)) or nil, record.list(required)
end

function makers.object(field, ways)
  local members, required = properties(shape.members(field.fields, "field.object"), ways)
  return { type = "object", properties = members, required = required }
end

-- Null beside what the schema allows.
local function nullable(made)
  local kind = made.type
  if not kind or made.enum then
    return { anyOf = record.list { record.sorted(made), record.of("type", "null") } }
  end
  made.type = record.list { kind, "null" }
  return made
end

local function named(field, ways)
  local name = field.name .. (ways.answers and "" or "Input")
  if not ways.components[name] then
    ways.components[name] = true -- it may hold itself
    ways.components[name] = schema.plain(field, ways)
  end
  return { ["$ref"] = "#/components/schemas/" .. name }
end

-- The field itself, whatever its name.
function schema.plain(field, ways)
  return record.sorted(makers[field.kind](field, ways)) or record.of()
end

-- ways: { answers = whether an answer is described, else a request; text = whether it stands in text, where there
-- is no null; components = where named objects go }
function schema.of(field, ways)
  local made = field.kind == "object" and field.name and named(field, ways) or makers[field.kind](field, ways)
  if field.optional and not ways.text then made = nullable(made) end
  made.description = field.summary
  made.examples = field.example ~= nil and raw.json.array { field.example } or nil
  if field.default ~= nil and not ways.answers then made.default = field.default end
  if field.secret and not ways.answers then made.writeOnly = true end
  return record.sorted(made) or record.of()
end

return schema
