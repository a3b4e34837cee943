-- Makes an adapter: what turns one foreign catalogue's records into films of ours.
--
--   return adapter {
--     name = "source",                          -- stands in movie_sources beside the foreign key
--     fields = { title = "Title",               -- ours = theirs, where a value is taken over as it is;
--                year = { "date", "value" } },  -- a list leads into tables
--     functions = { key = function(value, record, film) ... end },  -- what a mapping cannot say
--     sample = { record = { ... }, film = { ... } },                -- what must become what: tried at once
--     path = { "results" },                     -- where the array of records lies in a file's JSON; {}: all of it
--     read = function(text) ... end,            -- a file's records, where it is no JSON
--     file = "adapters/source/films.json",      -- brought along: imported where no file is given
--     fetch = function(page) ... end,           -- or: page 1, 2, ... of records; nil: no more
--   }
--
-- A function gets the value that `fields` found (or nil), the whole record, and the film so far. It returns
-- the value, or nil and why the record cannot be taken ("has no title"). What is made has `name`, `sample`,
--
--   translate(record) -> film, or nil, reason, key (where one was found)
--   pages(file) -> next_page, or nil, message, code; of a file's text, or (nil) of what it brings or fetches itself
--   next_page() -> up to 50 records, done, total; nil after the last; or nil, message, code

local bundle = require "plateia.bundle"
local json = require "plateia.json"
local json_pages = require "lib.json_pages"

local PAGE = 50 -- records: so many are handled while nobody else is served

local order = { "title", "year", "genre", "director", "minutes", "key" }
local known = { name = "string", fields = "table", functions = "table", sample = "table", path = "table",
  read = "function", file = "string", fetch = "function" }

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

local function lookup(record, path)
  if type(path) ~= "table" then return record[path] end
  local value = record
  for _, name in ipairs(path) do
    if type(value) ~= "table" then return nil end
    value = value[name]
  end
  return value
end

local function value_of(adapter, name, record, film)
  local value, make = adapter.fields[name], adapter.functions[name]
  if value ~= nil then value = lookup(record, value) end
  if value == json.null then value = nil end
  if not make then return value end
  return make(value, record, film)
end

-- The key of a record that is refused, for the report.
local function key_of(adapter, record, film)
  local key = value_of(adapter, "key", record, film)
  return key ~= nil and forms.key(key) or nil
end

local function translate(adapter, record)
  if type(record) ~= "table" then return nil, "is no record" end
  local film = {}
  for _, name in ipairs(order) do
    local value, why = value_of(adapter, name, record, film)
    if why then return nil, why, key_of(adapter, record, film) end
    if value ~= nil then
      value, why = forms[name](value)
      if why then return nil, ("does not fit: its %s %s"):format(name, why), key_of(adapter, record, film) end
    end
    film[name] = value
  end
  if not film.title then return nil, "has no title", film.key end
  if not film.key then return nil, "has no key" end
  return film
end

-- ---- pages of records ----

-- Cuts lists of any length, as `more` gives them, into pages.
local function cut(more)
  local list, at, read = {}, 0, 0
  return function()
    while at >= #list do
      local why, code
      list, why, code = more()
      if not list then return nil, why, code end
      at = 0
    end
    local page = table.move(list, at + 1, math.min(at + PAGE, #list), 1, {})
    at, read = at + #page, read + #page
    return page, read, read - at + #list
  end
end

local function pages_of_file(adapter, file)
  if not adapter.read then
    local next_page, why, code = json_pages(file, adapter.path, PAGE)
    if not next_page then return nil, why, code end
    return function()
      local records, done, failed = next_page()
      if not records then return nil, done, failed end
      return records, done, #file
    end
  end
  local records, why, code = adapter.read(file)
  if not records then return nil, why, code end
  return cut(function()
    local all = records
    records = nil
    return all
  end)
end

local function pages(adapter, file)
  if not file and adapter.file then
    local why, code
    file, why, code = bundle(adapter.file)
    if not file then return nil, why, code end
  end
  if file then return pages_of_file(adapter, file) end
  if not adapter.fetch then
    return nil, ("the adapter \"%s\" brings nothing by itself: give it a file"):format(adapter.name), "invalid"
  end
  local number = 0
  return cut(function()
    number = number + 1
    return adapter.fetch(number)
  end)
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
    sample = given.sample, path = given.path or {}, read = given.read, file = given.file, fetch = given.fetch }
  function adapter.translate(record) return translate(adapter, record) end
  function adapter.pages(file) return pages(adapter, file) end
  try_sample(adapter)
  return adapter
end
