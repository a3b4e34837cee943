-- plateia.field: what a value may be, said once; from it come parsing, validation, the answer's form and the
-- API's description. What fields have in common stands in kind.lua, objects and lists in shape.lua. Messages
-- and types are those that clients of FastAPI know.

local format = require "plateia.format"
local kind = require "plateia.kind"
local options = require "plateia.options"
local shape = require "plateia.shape"
local wrong = require "plateia.wrong"

local find, lower = string.find, string.lower
local integer_of = math.tointeger
local length_of = utf8.len

local EXACT = 1 << 53 -- beyond it JSON's readers no longer agree on an integer

local field = { object = shape.object, list = shape.list }

local function bounded(least, most)
  return function(value, input)
    if least and value < least then
      return nil, wrong.one("greater_than_equal", "Input should be greater than or equal to " .. least, input,
        { ge = least })
    end
    if most and value > most then
      return nil, wrong.one("less_than_equal", "Input should be less than or equal to " .. most, input, { le = most })
    end
    return value
  end
end

-- ---- integer ----

local function too_large(input)
  return nil, wrong.one("int_parsing_size", "Unable to parse input as an integer, exceeded maximum size", input)
end

function field.integer(given)
  local self = kind.new("integer", given, { min = "number", max = "number" })
  local fit = bounded(self.min, self.max)
  function self.text(text)
    if not find(text, "^%-?%d+$") then
      return nil, wrong.one("int_parsing",
        "Input should be a valid integer, unable to parse string as an integer", text)
    end
    local value = #text <= 17 and tonumber(text)
    if not value or value > EXACT or value < -EXACT then return too_large(text) end
    return fit(value, text)
  end
  function self.json(given_value)
    if type(given_value) ~= "number" then
      return nil, wrong.one("int_type", "Input should be a valid integer", given_value)
    end
    if given_value > EXACT or given_value < -EXACT then return too_large(given_value) end
    local value = integer_of(given_value)
    if not value then
      return nil, wrong.one("int_from_float",
        "Input should be a valid integer, got a number with a fractional part", given_value)
    end
    return fit(value, given_value)
  end
  return (kind.finish(self))
end

-- ---- number ----

function field.number(given)
  local self = kind.new("number", given, { min = "number", max = "number" })
  local fit = bounded(self.min, self.max)
  function self.json(value)
    if type(value) ~= "number" then
      return nil, wrong.one("float_type", "Input should be a valid number", value)
    end
    return fit(value, value)
  end
  function self.text(text)
    local plain = find(text, "^%-?%d+%.?%d*$") or find(text, "^%-?%d+%.?%d*[eE][+-]?%d+$")
    local value = plain and tonumber(text)
    if not value or value - value ~= 0 then
      return nil, wrong.one("float_parsing", "Input should be a valid number, unable to parse string as a number",
        text)
    end
    return fit(value, text)
  end
  return (kind.finish(self))
end

-- ---- string ----

local function counted(problem, bound, text)
  local least = problem == "string_too_short"
  local message = ("String should have %s %d character%s"):format(least and "at least" or "at most", bound,
    bound == 1 and "" or "s")
  return nil, wrong.one(problem, message, text, { [least and "min_length" or "max_length"] = bound })
end

-- Lengths are counted in characters. A NUL would end the text where the database reads it.
local function text_reader(least, most, has_form)
  return function(text)
    if type(text) ~= "string" then return nil, wrong.one("string_type", "Input should be a valid string", text) end
    local length = length_of(text)
    if not length then
      return nil, wrong.one("string_unicode",
        "Input should be a valid string, unable to parse raw data as a unicode string")
    end
    if least and length < least then return counted("string_too_short", least, text) end
    if most and length > most then return counted("string_too_long", most, text) end
    if find(text, "\0", 1, true) then
      return nil, wrong.one("value_error", "Value error, text cannot hold the character U+0000", text)
    end
    if has_form then
      local fine, wanted = has_form(text)
      if not fine then return nil, wrong.one("value_error", "Value error, expected " .. wanted, text) end
    end
    return text
  end
end

function field.string(given)
  local self = kind.new("string", given, { min_length = "number", max_length = "number", format = "string" })
  local has_form = self.format and format[self.format]
  if has_form == nil and self.format then
    options.refuse("field.string", "there is no format \"" .. self.format .. "\"")
  end
  self.text = text_reader(self.min_length, self.max_length, has_form)
  self.json = self.text
  return (kind.finish(self))
end

-- ---- boolean ----

local words = {
  ["true"] = true, ["1"] = true, on = true, yes = true,
  ["false"] = false, ["0"] = false, off = false, no = false,
}

function field.boolean(given)
  local self = kind.new("boolean", given, {})
  function self.text(text)
    local value = words[lower(text)]
    if value == nil then
      return nil, wrong.one("bool_parsing", "Input should be a valid boolean, unable to interpret input", text)
    end
    return value
  end
  function self.json(value)
    if type(value) == "boolean" then return value end
    return nil, wrong.one("bool_type", "Input should be a valid boolean", value)
  end
  return (kind.finish(self))
end

-- ---- choice ----

local function in_words(choices)
  local quoted = {}
  for i, choice in ipairs(choices) do quoted[i] = "'" .. choice .. "'" end
  local last = table.remove(quoted)
  return #quoted == 0 and last or table.concat(quoted, ", ") .. " or " .. last
end

-- field.choice { "all", "current", default = "all" }
function field.choice(given)
  local known, choices, rest = {}, {}, {}
  for key, value in pairs(given or {}) do
    if math.type(key) == "integer" then
      choices[key], known[value] = value, true
    else
      rest[key] = value
    end
  end
  if #choices == 0 then options.refuse("field.choice", "say between what: field.choice { \"a\", \"b\" }") end
  local self = kind.new("choice", rest, {})
  self.choices = choices
  local expected = in_words(choices)
  function self.text(text)
    if known[text] then return text end
    return nil, wrong.one("literal_error", "Input should be " .. expected, text, { expected = expected })
  end
  self.json = self.text
  return (kind.finish(self))
end

-- ---- anything ----

-- In an answer: whatever JSON can say, as it is.
function field.any(given)
  local self = kind.new("any", given, {})
  function self.json(value) return value end
  return (kind.finish(self))
end

-- The form of an answer without a body, as 204 is.
field.nothing = kind.new("nothing", nil, {})

return options.closed("field", field)
