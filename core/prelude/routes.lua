-- What `plateia routes` shows: of each route who may, what is kept, and where it stands.

local api = require "plateia.api"
local raw = require "plateia.raw"
local record = require "plateia.record"

local null = raw.json.null

-- The securities that guard it, or "open".
local function who_may(route)
  local names = {}
  for name in pairs(route.ways.securities) do names[#names + 1] = name end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or "open"
end

local function by_path(a, b)
  if a.path ~= b.path then return a.path < b.path end
  return a.method < b.method
end

-- A list of objects of the same members; `cached`: seconds, or null.
return function(routes)
  local list = {}
  for i, route in ipairs(routes) do
    list[i] = record.of("method", route.method, "path", route.template, "name", api.name_of(route),
      "who", who_may(route), "cached", route.cached and route.cached.ttl or null,
      "place", route.file_line or null)
  end
  table.sort(list, by_path)
  return raw.json.array(list)
end
