-- A JSON array of records, page by page: json_pages(text, path, size) -> next_page, or nil, message, code
--
-- `path` leads to the array: {} where the text is one, { "results", "bindings" } where it lies in objects. Each
-- next_page() gives up to `size` records and how many bytes are done; nil after the last; or nil, message, code.
-- So a large file is never decoded in one go: nobody else waits for it, and only a page of it is in memory.
--
-- Only where a value ends is looked for here. Whether it is good JSON, the decoder says of each record.

local json = require "plateia.json"

local QUOTE, OPEN_ARRAY, OPEN_OBJECT = ('"[{'):byte(1, 3)
local LONGEST = 256 * 1024 -- bytes of a record

local function solid(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function after_string(text, at)
  local i = at + 1
  while true do
    i = text:find('["\\]', i)
    if not i then return nil end
    if text:byte(i) == QUOTE then return i + 1 end
    i = i + 2
  end
end

-- One past the value that begins there; nil where the text ends before it.
local function after_value(text, at)
  local first = text:byte(at)
  if first == QUOTE then return after_string(text, at) end
  if first ~= OPEN_ARRAY and first ~= OPEN_OBJECT then return text:find("[%s,%]}]", at) end
  local depth, i = 0, at
  repeat
    i = text:find('["%[%]{}]', i)
    if not i or i - at > LONGEST then return nil end
    local byte = text:byte(i)
    if byte == QUOTE then
      i = after_string(text, i)
      if not i then return nil end
    else
      depth = depth + ((byte == OPEN_ARRAY or byte == OPEN_OBJECT) and 1 or -1)
      i = i + 1
    end
  until depth == 0
  return i
end

-- Where the value of that key begins, in the object that begins at `at`; nil where there is none.
local function find_key(text, at, key)
  if text:byte(at) ~= OPEN_OBJECT then return nil end
  at = solid(text, at + 1)
  while text:byte(at) == QUOTE do
    local past = after_string(text, at)
    local colon = past and solid(text, past)
    if not colon or text:sub(colon, colon) ~= ":" then return nil end
    local value = solid(text, colon + 1)
    if json.decode(text:sub(at, past - 1)) == key then return value end
    local comma = after_value(text, value)
    comma = comma and solid(text, comma)
    if not comma or text:sub(comma, comma) ~= "," then return nil end
    at = solid(text, comma + 1)
  end
  return nil
end

local function find_array(text, path)
  local at = solid(text, 1)
  for _, key in ipairs(path) do
    at = find_key(text, at, key)
    if not at then return nil end
  end
  return text:byte(at) == OPEN_ARRAY and at or nil
end

-- The record that begins there, and where the next one does; after the last: record, nil, nil, the array's end.
local function take(text, at)
  local past = after_value(text, at)
  if not past then return nil, nil, "it ends in the middle, or is longer than 256 KiB" end
  local record, why = json.decode(text:sub(at, past - 1))
  if record == nil then return nil, nil, why end
  local sign = solid(text, past)
  local found = text:sub(sign, sign)
  if found == "]" then return record, nil, nil, sign + 1 end
  if found ~= "," then return nil, nil, "after it, a comma or ] was expected" end
  return record, solid(text, sign + 1)
end

return function(text, path, size)
  local start = find_array(text, path)
  if not start then
    return nil, #path == 0 and "a JSON array of records was expected"
      or ("a JSON array of records was expected at %s"):format(table.concat(path, ".")), "invalid"
  end
  local at, number = solid(text, start + 1), 0
  if text:sub(at, at) == "]" then at = nil end
  return function()
    if not at then return nil end
    local records = {}
    while at and #records < size do
      local record, following, why, stop = take(text, at)
      number = number + 1
      if why then return nil, ("record %d is no JSON: %s"):format(number, why), "invalid" end
      if stop and #path == 0 and solid(text, stop) <= #text then
        return nil, "after the array, the file's end was expected", "invalid"
      end
      records[#records + 1], at = record, following
    end
    return records, at and at - 1 or #text
  end
end
