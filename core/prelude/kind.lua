-- What all kinds of field have in common.
--
-- A field is a plain table: its kind and bounds, which describe it, and the functions that use them:
--   text(raw)    from a path, query or form   -> value | nil, problems (see wrong.lua)
--   json(value)  from a JSON body             -> value | nil, problems
-- Success is the absence of the second result, since a value may be false. Answers are written by the core
-- (raw.json.shape), which reads of a field its kind, optional, members, of and choices.

local mark = require "plateia.mark"
local options = require "plateia.options"
local wrong = require "plateia.wrong"

local kind = {}
local made = 0

-- May stand in every field. `check(value)` gives the value on, changed or not, or returns nil and a sentence.
local common = {
  optional = "boolean", default = "any", check = "function", secret = "boolean",
  summary = "string", example = "any",
}

local function check_bounds(what, given, low, high)
  local least, most = given[low], given[high]
  if not least or not most or least <= most then return end
  options.refuse(what, ("nothing fits: %s is %s, %s is %s"):format(low, least, high, most))
end

function kind.new(name, given, known)
  made = made + 1
  local all, self = {}, { kind = name, number = made } -- numbered, so that members keep the order they are declared in
  for key, wanted in pairs(common) do all[key] = wanted end
  for key, wanted in pairs(known) do all[key] = wanted end
  given = given or {}
  options.check("field." .. name, given, all)
  check_bounds("field." .. name, given, "min", "max")
  check_bounds("field." .. name, given, "min_length", "max_length")
  for key, value in pairs(given) do self[key] = value end
  return mark.set("field", self)
end

function kind.is(value)
  return mark.is("field", value)
end

local function run_check(check, value, input)
  local checked, why = check(value)
  if checked == nil then
    return nil, wrong.one("value_error", "Value error, " .. (why or "not a good value"), input)
  end
  return checked
end

-- A reader that also does what `check` and `secret` ask for; the reader itself where they do not stand.
local function guarded(self, read)
  local check, secret = self.check, self.secret
  if not check and not secret then return read end
  return function(input)
    local value, problems = read(input)
    if check and not problems then value, problems = run_check(check, value, input) end
    if problems and secret then wrong.hide(problems) end
    return value, problems
  end
end

local function accept_default(self)
  if self.default == nil then return end
  local what = "field." .. self.kind
  if type(self.default) == "table" then options.refuse(what, "a default is a plain value") end
  local value, problems = self.json(self.default)
  if problems then options.refuse(what, "the default does not fit: " .. problems[1].msg) end
  self.default = value
end

-- An example that is none would mislead.
local function check_example(self)
  if self.example == nil then return end
  local _, problems = self.json(self.example)
  if problems then options.refuse("field." .. self.kind, "the example does not fit: " .. problems[1].msg) end
end

-- Ends the making of a field that has its functions. It is called in parentheses: a tail call would hide the place of
-- the declaration from what is refused here.
function kind.finish(self)
  self.text = self.text and guarded(self, self.text)
  self.json = guarded(self, self.json)
  accept_default(self)
  check_example(self)
  return self
end

return kind
