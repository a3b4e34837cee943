-- A value that fits a field, put together from what its parts give as examples: for the API's description.

local array_of, null = require("plateia.raw").json.array, require("plateia.raw").json.null
local record = require "plateia.record"
local shape = require "plateia.shape"

local example = {}
local makers = {}

-- What is optional and has no example is left out of a request, and null in an answer.
function makers.object(field, answers)
  local parts = {}
  for _, member in ipairs(shape.members(field.fields, "field.object")) do
    local value = example.of(member.field, answers)
    if value == nil and member.field.optional and answers then value = null end
    if value == nil and not member.field.optional then return nil end
    if value ~= nil then
      parts[#parts + 1] = member.name
      parts[#parts + 1] = value
    end
  end
  return record.of(table.unpack(parts))
end

function makers.list(field, answers)
  local item = example.of(field.of, answers)
  if item == nil then return nil end
  return array_of { item }
end

function makers.choice(field)
  return field.choices[1]
end

function makers.boolean()
  return true
end

-- nil where too little is said. `answers`: for an answer, else for a request.
function example.of(field, answers)
  if field.example ~= nil then return field.example end
  if field.default ~= nil then return field.default end
  local make = makers[field.kind]
  return make and make(field, answers)
end

return example
