-- JSON for the double: decoding by lua-cjson behind some of the core's checks, as the core does it; encoding by
-- ourselves, with sorted keys.

local cjson = require("cjson").new()
cjson.decode_invalid_numbers(false)

local null = cjson.null

local Array = { __metatable = "array" }
local json = { null = null }

local function depth_of(text)
  local depth, deepest = 0, 0
  for c in text:gsub('\\.', ""):gsub('"[^"]*"', ""):gmatch "[%[%]{}]" do
    depth = depth + ((c == "[" or c == "{") and 1 or -1)
    deepest = math.max(deepest, depth)
  end
  return deepest
end

-- Integral floats become integers, as the core makes them.
local function mend(value)
  if type(value) == "table" then
    for key, part in pairs(value) do value[key] = mend(part) end
  elseif math.type(value) == "float" and math.abs(value) <= 1 << 53 then
    return math.tointeger(value) or value
  end
  return value
end

local function problem_of(text)
  if not utf8.len(text) then return "not UTF-8" end
  if depth_of(text) > 32 then return "nested too deeply" end
  if text:find("\\u0000", 1, true) then return "a string holds the character \\u0000" end
end

function json.decode(text)
  local problem = problem_of(text)
  if problem then return nil, problem, "invalid" end
  local fine, value = pcall(cjson.decode, text)
  if not fine then return nil, value, "invalid" end
  return mend(value)
end

local encode

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text)
  if not utf8.len(text) then error("text in JSON is UTF-8, this is not", 0) end
  return '"' .. text:gsub('[%c"\\]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function array_text(value, depth)
  local parts = {}
  for i = 1, #value do parts[i] = encode(value[i], depth) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function member_texts(value, keys, depth)
  local parts = {}
  for _, key in ipairs(keys) do
    if value[key] ~= nil then parts[#parts + 1] = quoted(key) .. ":" .. encode(value[key], depth) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function object_text(value, depth)
  local meta, keys = debug.getmetatable(value), {}
  if meta and meta[Array] then return member_texts(value, meta[Array], depth) end
  for key in pairs(value) do
    if type(key) ~= "string" then error("an object's keys are text, not " .. type(key), 0) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return member_texts(value, keys, depth)
end

local function number_text(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if value - value ~= 0 then error("JSON has no word for infinity or not-a-number", 0) end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then return text end
  end
end

function encode(value, depth)
  local kind = type(value)
  if value == nil or value == null then return "null" end
  if kind == "string" then return quoted(value) end
  if kind == "number" then return number_text(value) end
  if kind == "boolean" then return tostring(value) end
  if kind ~= "table" then error("a " .. kind .. " is no JSON value", 0) end
  if depth >= 32 then error("JSON nested deeper than 32", 0) end
  return (json.is_array(value) and array_text or object_text)(value, depth + 1)
end

function json.encode(value)
  return encode(value, 0)
end

function json.array(value)
  return setmetatable(value, Array)
end

-- The names lie under a key that nobody else has.
function json.order(names)
  return { [Array] = names }
end

-- ---- an answer's form ----

local function not_a(wanted, value)
  return nil, (" is a %s, not %s"):format(type(value), wanted)
end

local writers = {}

function writers.integer(_, value)
  local whole = type(value) == "number" and math.tointeger(value)
  if whole then return json.encode(whole) end
  return not_a("an integer", value)
end

for kind, wanted in pairs { number = "a number", string = "a string", boolean = "a boolean" } do
  writers[kind] = function(_, value)
    if type(value) == kind then return json.encode(value) end
    return not_a(wanted, value)
  end
end

function writers.choice(form, value)
  for _, choice in ipairs(form.choices) do
    if choice == value then return json.encode(value) end
  end
  return nil, " is none of its choices"
end

function writers.any(_, value)
  return json.encode(value)
end

function writers.nothing(_, value)
  if value == nil then return nil end
  return not_a("nil", value)
end

function writers.list(form, value)
  if type(value) ~= "table" then return not_a("a list", value) end
  local parts = {}
  for i = 1, #value do
    local part, why = json.write(form.of, value[i])
    if why then return nil, ("[%d]%s"):format(i, why) end
    parts[i] = part
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function member_text(form, value)
  if value ~= nil and value ~= null then return json.write(form, value) end
  if form.optional then return "null" end
  return nil, " is missing"
end

function writers.object(form, value)
  if type(value) ~= "table" then return not_a("a table", value) end
  local parts = {}
  for i, member in ipairs(form.members) do
    local part, why = member_text(member.field, value[member.name])
    if why then return nil, "." .. member.name .. why end
    parts[i] = quoted(member.name) .. ":" .. part
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function json.shape(form)
  return form
end

function json.write(form, value)
  return writers[form.kind](form, value)
end

function json.is_array(value)
  return type(value) == "table" and (getmetatable(value) == "array" or value[1] ~= nil)
end

return json
