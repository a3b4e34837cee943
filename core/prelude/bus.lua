-- plateia.bus: bus.publish(name, event) tells the observers of this process, and drops what is cached under the
-- event's name. An event that crosses is told to the other processes as well; that waits on the database.
--
--   local fine, why, code = bus.publish("ranking.changed", { month = "2026-11", movie_ids = {}, version = 7 })
--
-- A failure means that other processes were not told; those of this one were.

local events = require "plateia.events"
local raw = require "plateia.raw"

local bus = {}

local function kind_of(value)
  return math.type(value) == "integer" and "integer" or type(value)
end

local function fits(value, kind)
  local given = kind_of(value)
  return given == kind or kind == "number" and given == "integer" or kind == "list" and given == "table"
end

local function say_kind(name, field, kind, value)
  if value == nil then return ("%s: %s is missing (%s)"):format(name, field, kind) end
  return ("%s: %s has the kind %s, not %s"):format(name, field, kind, kind_of(value))
end

-- Misuse raises, with the place of whoever publishes.
local function check(name, event)
  local known = events[name]
  if type(event) ~= "table" then
    error(("%s: what happened is a table, not a %s"):format(tostring(name), type(event)), 3)
  end
  if not known then error(("there is no event \"%s\" in events.lua"):format(tostring(name)), 3) end
  local fields = known.fields or {}
  for field, kind in pairs(fields) do
    if not fits(event[field], kind) then
      error(say_kind(name, field, kind, event[field]), 3)
    end
  end
  for field in pairs(event) do
    if not fields[field] then error(("%s has no field \"%s\""):format(name, tostring(field)), 3) end
  end
  return known
end

-- Lists are lists, also when they are empty.
local function encode(fields, event)
  for field, kind in pairs(fields or {}) do
    if kind == "list" and not raw.json.is_array(event[field]) then raw.json.array(event[field]) end
  end
  return raw.json.encode(event)
end

-- An event without fields is published by its name alone.
function bus.publish(name, event)
  event = event or {}
  local known = check(name, event)
  local text = encode(known.fields, event)
  local fine, why, code = raw.bus.publish(name, text)
  if not fine or not known.crosses then return fine, why, code end
  fine, why, code = raw.db.run("notify", raw.bus.letter(name, text))
  if not fine then return nil, why, code end
  return true
end

-- The same for this process alone.
function bus.publish_here(name, event)
  event = event or {}
  return raw.bus.publish(name, encode(check(name, event).fields, event))
end

return bus
