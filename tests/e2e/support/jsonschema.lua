-- jsonschema: as much of JSON Schema as the API's description uses: whether a value fits, and values that do or do not.

local jsonschema = {}

-- ---- does it fit? ----

local kinds = {
  integer = function(value) return type(value) == "number" and value == math.floor(value) end,
  number = function(value) return type(value) == "number" end,
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  object = function(value) return type(value) == "table" end,
  array = function(value) return type(value) == "table" and (next(value) == nil or value[1] ~= nil) end,
}

-- As pairs, in an order that is the same in every run.
function jsonschema.sorted(members)
  local names, i = {}, 0
  for name in pairs(members) do names[#names + 1] = name end
  table.sort(names)
  return function()
    i = i + 1
    if names[i] ~= nil then return names[i], members[names[i]] end
  end
end

local Checker = {}
Checker.__index = Checker

local function resolved(self, schema)
  local name = schema["$ref"]
  if not name then return schema end
  local at = self.document
  for part in name:gsub("^#/", ""):gmatch "[^/]+" do at = assert(at[part], name) end
  return at
end

local function kind_fits(self, value, kind)
  if kind == "null" then return value == self.null end
  return value ~= self.null and kinds[kind](value)
end

local function check_kind(self, schema, value)
  local wanted = schema.type
  if not wanted then return true end
  for _, kind in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if kind_fits(self, value, kind) then return true end
  end
  return nil, "is no " .. (type(wanted) == "table" and table.concat(wanted, " or ") or wanted)
end

local function check_text(schema, value)
  local length = utf8.len(value)
  if not length then return nil, "is not UTF-8" end
  if schema.minLength and length < schema.minLength then return nil, "is too short" end
  if schema.maxLength and length > schema.maxLength then return nil, "is too long" end
  if schema.format == "date-time" and not value:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d" then
    return nil, "is no date-time"
  end
  return true
end

local function check_number(schema, value)
  if schema.minimum and value < schema.minimum then return nil, "is too small" end
  if schema.maximum and value > schema.maximum then return nil, "is too large" end
  return true
end

local function check_enum(schema, value)
  for _, one in ipairs(schema.enum) do if one == value then return true end end
  return nil, "is none of the enum"
end

local function check_any(self, schema, value)
  for _, one in ipairs(schema.anyOf) do if self:check(one, value) then return true end end
  return nil, "fits none of anyOf"
end

local function check_table(self, schema, value)
  for _, name in ipairs(schema.required or {}) do
    if value[name] == nil then return nil, "has no " .. name end
  end
  for name, part in pairs(schema.properties or {}) do
    if value[name] ~= nil then
      local fine, why = self:check(part, value[name])
      if not fine then return nil, ("%s: %s"):format(name, why) end
    end
  end
  for i, item in ipairs(schema.items and value or {}) do
    local fine, why = self:check(schema.items, item)
    if not fine then return nil, ("[%d]: %s"):format(i, why) end
  end
  return true
end

-- true, or nil and what does not fit.
function Checker:check(schema, value)
  schema = resolved(self, schema)
  local fine, why = check_kind(self, schema, value)
  if not fine or value == self.null then return fine, why end
  if fine and schema.enum then fine, why = check_enum(schema, value) end
  if fine and schema.anyOf then fine, why = check_any(self, schema, value) end
  if fine and type(value) == "string" then fine, why = check_text(schema, value) end
  if fine and type(value) == "number" then fine, why = check_number(schema, value) end
  if fine and type(value) == "table" then fine, why = check_table(self, schema, value) end
  return fine, why
end

-- ---- values, good and bad ----

local odd_texts = { "", " ", "0", "-1", "1.5", "1e3", "9007199254740993", ("9"):rep(40), "NaN", "null", "true", "abc",
  "'; DROP TABLE users; --", "<script>alert(1)</script>", "../../etc/passwd", "%", "%00", "a\nb", "\u{202e}", "é", "日本",
  "\xff\xfe", "\0", ("x"):rep(300), "{}", "[]", "2026-13", "current", "x@y.example.org", "+5511987654321" }

local function pick(list) return list[math.random(#list)] end

local function some_text(least, most)
  local length = math.random(least, math.min(most, least + 12))
  local out = {}
  for i = 1, length do out[i] = pick { "a", "b", "z", "Q", "7", "é", "日" } end
  return table.concat(out)
end

local formats = { email = "ana@example.org", phone = "+5511987654321" }

-- Text for a parameter or a form; `self.odd` of one is odd.
function Checker:text(schema)
  schema = resolved(self, schema)
  if math.random() < self.odd then return pick(odd_texts) end
  if formats[schema.format] then return formats[schema.format] end
  if schema.enum then return pick(schema.enum) end
  if schema.type == "integer" then
    local least, most = schema.minimum or 0, math.min(schema.maximum or 100, 1 << 40)
    local near = self.odd > 0 and pick { least - 1, most + 1 } or least
    return ("%d"):format(pick { near, least, most, math.random(least, most) })
  end
  return some_text(schema.minLength or 0, schema.maxLength or 20)
end

-- A value for a JSON body.
function Checker:value(schema)
  schema = resolved(self, schema)
  if math.random() < self.odd / 3 then
    return pick { self.null, true, -1, 1.5, 1e300, "", "\0", {}, { 1 }, { a = { {} } } }
  end
  if schema.type == "object" then
    local out = {}
    for name, part in jsonschema.sorted(schema.properties or {}) do
      if self.odd == 0 or math.random() < 0.85 then out[name] = self:value(part) end
    end
    return out
  end
  local text = self:text(schema)
  return (schema.type == "integer" or schema.type == "number") and (tonumber(text) or text) or text
end

-- document: the API's description; null: how the JSON reader says null.
function jsonschema.checker(document, null)
  return setmetatable({ document = document, null = null, odd = 0, resolved = resolved }, Checker)
end

return jsonschema
