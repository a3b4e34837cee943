-- Fields that hold fields: objects and lists. An object is also how a request's body and an answer are given.

local kind = require "plateia.kind"
local options = require "plateia.options"
local raw = require "plateia.raw"
local sized = require "plateia.sized"
local wrong = require "plateia.wrong"

local is_array, make_array, null = raw.json.is_array, raw.json.array, raw.json.null

local shape = {}

-- Fields are made by a call: that it was forgotten is what is wrong most often.
local function say_what(name, value)
  if type(value) == "function" then
    return ("\"%s\" is a function: a field is made by a call, as in field.integer {}"):format(name)
  end
  return ("\"%s\" is a %s, not a field of plateia.field"):format(name, type(value))
end

-- A table of fields as a list of { name, field } in the order in which the fields were made, which is that of their
-- declaration: messages and answers keep it.
function shape.members(fields, what, at)
  local list = {}
  if type(fields) ~= "table" then options.refuse(what, "a table of fields was expected", at) end
  for name, field in pairs(fields) do
    if type(name) ~= "string" or not kind.is(field) then
      options.refuse(what, say_what(tostring(name), field), at)
    end
    list[#list + 1] = { name = name, field = field }
  end
  table.sort(list, function(a, b)
    local first, second = a.field.number, b.field.number
    if first == second then return a.name < b.name end
    return first < second
  end)
  return list
end

-- A field, or a plain table of fields that means an object of them.
function shape.of(given, at)
  return kind.is(given) and given or shape.object(given, nil, at)
end

-- Puts a member's value into `out`, or returns what is wrong with it. To an optional one null means absent.
local function read_member(member, given, out)
  local name, field = member.name, member.field
  if given == null and field.optional then given = nil end
  if given == nil then
    out[name] = field.default
    if field.optional or field.default ~= nil then return nil end
    return wrong.under(name, wrong.missing())
  end
  local value, problems = field.json(given)
  if problems then return wrong.under(name, problems) end
  out[name] = value
end

local function object_reader(members)
  local new = sized(#members)
  return function(given)
    if type(given) ~= "table" or is_array(given) then
      return nil, wrong.one("model_attributes_type",
        "Input should be a valid dictionary or object to extract fields from", given)
    end
    local out, problems = new(), nil
    for i = 1, #members do
      local found = read_member(members[i], given[members[i].name], out)
      if found then problems = wrong.join(problems, found) end
    end
    if problems then return nil, problems end
    return out
  end
end

-- An optional member that an answer leaves out is written as null.
function shape.object(fields, given, at)
  local self = kind.new("object", given, { name = "string" })
  self.fields = fields
  self.members = shape.members(fields, "field.object", at)
  self.json = object_reader(self.members)
  return (kind.finish(self))
end

local function counted(problem, bound, count)
  local what = problem == "too_short" and "at least" or "at most"
  local unit = bound == 1 and "item" or "items"
  local ctx = { field_type = "List", actual_length = count }
  ctx[problem == "too_short" and "min_length" or "max_length"] = bound
  return wrong.one(problem, ("List should have %s %d %s after validation, not %d"):format(what, bound, unit, count),
    nil, ctx)
end

local function list_reader(read, least, most)
  return function(given)
    if type(given) ~= "table" or next(given) ~= nil and not is_array(given) then
      return nil, wrong.one("list_type", "Input should be a valid list", given)
    end
    local count = #given
    if least and count < least then return nil, counted("too_short", least, count) end
    if most and count > most then return nil, counted("too_long", most, count) end
    local out, problems = make_array({}), nil
    for i = 1, count do
      local value, found = read(given[i])
      if found then problems = wrong.join(problems, wrong.under(i - 1, found)) end
      out[i] = value
    end
    if problems then return nil, problems end
    return out
  end
end

function shape.list(given)
  local self = kind.new("list", given, { of = "table", min = "number", max = "number" })
  if not self.of then options.refuse("field.list", "say of what: of = field.integer {}") end
  self.of = shape.of(self.of)
  self.json = list_reader(self.of.json, self.min, self.max)
  return (kind.finish(self))
end

return shape
