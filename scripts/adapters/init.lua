-- Makes an adapter: what turns one foreign catalogue's records into films of ours.
--
--   return adapter {
--     name = "source",                          -- stands in movie_sources beside the foreign key
--     fields = { title = "Title", ... },        -- ours = theirs, where a value is taken over as it is
--     functions = { key = function(value, record, film) ... end },  -- what a table cannot say
--     sample = { record = { ... }, film = { ... } },                -- what must become what: tried at once
--     fetch = function(page) ... end,           -- page 1, 2, ... of records; nil: no more; or only files
--     read = function(text) ... end,            -- a file's records; without it: a JSON array
--   }
--
-- A function gets the value that `fields` found (or nil), the whole record, and the film so far. It returns
-- the value, or nil and why the record cannot be taken ("has no title").

local json = require "plateia.json"

local order = { "title", "year", "genre", "director", "minutes", "key" }
local known = { name = "string", fields = "table", functions = "table", sample = "table", fetch = "function",
  read = "function" }

-- ---- what a film of ours is ----

local function text(value)
  if type(value) ~= "string" then return nil, "is no text" end
  value = value:match("^%s*(.-)%s*$")
  if value == "" then return nil end
  if utf8.len(value) > 300 then return nil, "is longer than 300 characters" end
  return value
end

local function whole(least, most)
  return function(value)
    local number = math.tointeger(value)
    if type(value) ~= "number" or not number then return nil, "is no whole number" end
    if number < least or number > most then return nil, ("is not from %d to %d"):format(least, most) end
    return number
  end
end

local forms = { title = text, key = text, genre = text, director = text, year = whole(1870, 2200),
  minutes = whole(1, 6000) }

-- ---- translation ----

local function value_of(adapter, name, record, film)
  local value, make = record[adapter.fields[name]], adapter.functions[name]
  if value == json.null then value = nil end
  if not make then return value end
  return make(value, record, film)
end

local function translate(adapter, record)
  if type(record) ~= "table" then return nil, "is no record" end
  local film = {}
  for _, name in ipairs(order) do
    local value, why = value_of(adapter, name, record, film)
    if why then return nil, why end
    if value ~= nil then
      value, why = forms[name](value)
      if why then return nil, ("does not fit: its %s %s"):format(name, why) end
    end
    film[name] = value
  end
  if not film.title then return nil, "has no title" end
  if not film.key then return nil, "has no key" end
  return film
end

local function read_json(file)
  local records, why, code = json.decode(file)
  if records == nil then return nil, why, code end
  if type(records) == "table" and (json.is_array(records) or next(records) == nil) then return records end
  return nil, "a JSON array of records was expected", "invalid"
end

-- ---- the declaration ----

local function check_keys(given)
  for key, value in pairs(given) do
    if type(value) ~= known[key] then
      error(("adapter %s: %s is no %s"):format(given.name, key, known[key] or "key of an adapter"), 0)
    end
  end
  for _, key in ipairs { "name", "fields", "sample" } do
    if not given[key] then error(("adapter %s: %s is missing"):format(given.name, key), 0) end
  end
  for _, map in ipairs { given.fields, given.functions or {} } do
    for name in pairs(map) do
      if not forms[name] then error(("adapter %s: a film has no %s"):format(given.name, name), 0) end
    end
  end
end

-- An edit that breaks the mapping is told when the file loads.
local function try_sample(adapter)
  local film, why = adapter.translate(adapter.sample.record)
  if not film then error(("adapter %s: its sample %s"):format(adapter.name, why), 0) end
  for _, name in ipairs(order) do
    if film[name] ~= adapter.sample.film[name] then
      error(("adapter %s: its sample's %s became %s, not %s"):format(adapter.name, name, tostring(film[name]),
        tostring(adapter.sample.film[name])), 0)
    end
  end
end

return function(given)
  check_keys(given)
  local adapter = { name = given.name, fields = given.fields, functions = given.functions or {},
    sample = given.sample, fetch = given.fetch, read = given.read or read_json }
  function adapter.translate(record) return translate(adapter, record) end
  try_sample(adapter)
  return adapter
end
