-- Observers: what app.lua lists, checked, and made into what the core runs.
--
--   return { on = "order.placed", every = 0.25, run = function(events) ... end }
--   return { every = 5, run = function() ... end }       -- a timer
--
-- A file returns one, or a list of them. `run` gets all events that have gathered since it ran last; with `every` it
-- runs at most once in so many seconds. It may wait, as a handler may.

local options = require "plateia.options"
local origin = require "plateia.origin"
local raw = require "plateia.raw"
local trace = require "plateia.trace"

local known = { on = "string", every = "number", run = "function" }
local MOST = 86400

local observer = {}

local function place_of(run)
  local info = debug.getinfo(run, "S")
  return info.source:sub(2) .. ":" .. info.linedefined
end

local function explain(raised)
  return (trace(tostring(raised)))
end

-- The core hands over a line for each event. One that another process sent and that is no JSON spoils nothing.
local function decode(text, events)
  local count = 0
  for line in text:gmatch "[^\n]+" do
    local event, why = raw.json.decode(line)
    if type(event) == "table" then
      count = count + 1
      events[count] = event
    else
      raw.log("warn", "an event that cannot be read", { reason = why or "it is no object" })
    end
  end
  return events
end

-- A list that is read when it is first looked into: many observers only want to know that something happened, and
-- thousands of events may have.
local function unread(text)
  local function read(events) return decode(text, setmetatable(events, nil)) end
  return setmetatable({}, {
    __index = function(events, key) return read(events)[key] end,
    __len = function(events) return #read(events) end,
    __pairs = function(events) return pairs(read(events)) end,
  })
end

local function check(given, where, at)
  if type(given) ~= "table" or type(given.run) ~= "function" then
    options.refuse(where, "an observer is a table with a function run", at)
  end
  local place = place_of(given.run)
  options.check("observer", given, known, place)
  if not given.on and not given.every then
    options.refuse("observer", "on names its event; without one, every says how often it runs", place)
  end
  if given.every and not (given.every > 0 and given.every <= MOST) then
    options.refuse("observer", "every is more than 0 and at most a day of seconds", place)
  end
  if given.on and not require "plateia.events" [given.on] then
    options.refuse("observer", ("there is no event \"%s\" in events.lua"):format(given.on), place)
  end
  return place
end

-- `every` of 0 is none; `place`: file:line, for messages.
function observer.plan(given, place)
  local run = given.run
  return {
    on = given.on,
    every = given.every ~= 0 and given.every or nil,
    place = place,
    run = function(text)
      local fine, raised = xpcall(run, explain, unread(text))
      if not fine then return nil, raised end
      return true
    end,
  }
end

-- What the core runs, of a list of what the files of observers/ return.
function observer.plans(list)
  local plans = {}
  for i, item in ipairs(list) do
    local where, at = ("observers: entry %d"):format(i), origin.of(item) or origin.in_app "observers ="
    for _, given in ipairs(type(item) == "table" and #item > 0 and item or { item }) do
      plans[#plans + 1] = observer.plan(given, check(given, where, at))
    end
  end
  return plans
end

return observer
