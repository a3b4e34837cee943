-- The house's events, from scripts/events.lua: name -> { fields = { name = kind }, crosses = true or nil }, where a
-- kind is "integer", "number", "string", "boolean" or "list". Whoever publishes an event or waits for one is held
-- against this list, so that a misspelt name is told and not waited for in vain.

local options = require "plateia.options"
local raw = require "plateia.raw"

local known = { fields = "table", crosses = "boolean" }
local kinds = { integer = true, number = true, string = true, boolean = true, list = true }

local events = require "events"

for name, event in pairs(events) do
  local what = "event " .. tostring(name)
  local at = raw.place("events", ('"%s"'):format(name), ("'%s'"):format(name), ("\n  %s"):format(name))
  options.check(what, event, known, at)
  for field, kind in pairs(event.fields or {}) do
    if not kinds[kind] then options.refuse(what, ("%s has no kind that we know"):format(field), at) end
  end
end

return events
