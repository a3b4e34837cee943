-- Values as a message shows them: tables with their keys in order, as deep as one can read.

local DEEP, MOST, LONG = 6, 40, 2000

local function by_kind(a, b)
  if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
  return tostring(type(a)) < tostring(type(b))
end

local show

local function show_key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key end
  return "[" .. show(key, DEEP) .. "]"
end

local function show_table(value, depth)
  if depth >= DEEP then return "{ ... }" end
  local keys, parts = {}, {}
  for key in next, value do keys[#keys + 1] = key end
  if not keys[1] then return "{}" end
  table.sort(keys, by_kind)
  for i, key in ipairs(keys) do
    if i > MOST then
      parts[i] = "..."
      break
    end
    local member = show(rawget(value, key), depth + 1)
    parts[i] = key == i and member or show_key(key) .. " = " .. member
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

function show(value, depth)
  if type(value) == "string" then return ("%q"):format(value):gsub("\\\n", "\\n"):sub(1, LONG) end
  if type(value) ~= "table" then return type(value) == "userdata" and "null" or tostring(value) end
  return show_table(value, depth)
end

return function(value)
  return show(value, 0)
end
