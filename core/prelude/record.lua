-- An object whose members are written in the order in which they are given here: record("type", "object", ...). One
-- without a value is left out. So the same content is the same text each time, and a person can read it.

local array_of, order = require("plateia.raw").json.array, require("plateia.raw").json.order

local record = {}

function record.of(...)
  local out, names, given = {}, {}, table.pack(...)
  for i = 1, given.n, 2 do
    local name, value = given[i], given[i + 1]
    if value ~= nil then
      out[name] = value
      names[#names + 1] = name
    end
  end
  return setmetatable(out, order(names))
end

-- Of a table with names of any kind, by the alphabet; nil where it is nil or empty.
function record.sorted(members)
  if not members or next(members) == nil then return nil end
  local names, out = {}, {}
  for name, value in pairs(members) do
    names[#names + 1] = name
    out[name] = value
  end
  table.sort(names)
  return setmetatable(out, order(names))
end

-- Its names by the alphabet.
function record.pairs(members)
  local names, i = {}, 0
  for name in pairs(members) do names[#names + 1] = name end
  table.sort(names)
  return function()
    i = i + 1
    if names[i] ~= nil then return names[i], members[names[i]] end
  end
end

-- A list; nil where it is nil or empty.
function record.list(items)
  if not items or #items == 0 then return nil end
  return array_of(table.move(items, 1, #items, 1, {}))
end

return record
