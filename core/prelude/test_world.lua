-- Between the scripts and the world in a run of specs: what they publish, put off and send is kept and not let out, the
-- clock can stand, and what a process remembers (cache, throttle) is each spec's own. Loaded before any script.

local place = require "plateia.place"
local raw = require "plateia.raw"

local world = {
  house = nil,         -- what app.lua has become, once it is there
  epoch = 0,           -- of what is remembered
  at = nil,            -- where the clock stands; nil: it runs
  events = {},         -- { name, text }, in the order of publishing
  told = 0,            -- how many of them the observers were given
  background = {},     -- functions that were put off
  notifications = {},
  waits = nil,         -- "file:line" that waits, or waited last
}

-- A new spec begins: nothing has happened yet.
function world.renew()
  world.epoch = world.epoch + 1
  world.events, world.told, world.background, world.notifications, world.waits = {}, 0, {}, {}, nil
end

-- The line of a script that led here is about to wait.
function world.wait()
  world.waits = place()
end

-- What a server sees to now and then: the query `maintain`. true, or nil and why.
function world.keep_house()
  if not raw.db.class "maintain" then return true end
  return raw.db.run "maintain"
end

-- A channel as it stands in a run of specs: it is there, and it keeps what it is given.
function world.capture(channel)
  function channel.check() return true end
  function channel.send(message)
    local kept = { channel = channel.name }
    for name, value in pairs(message) do kept[name] = value end
    table.insert(world.notifications, kept)
    return true
  end
end

local publish = raw.bus.publish

function raw.bus.publish(name, text)
  local fine, why, code = publish(name, text)
  if fine then table.insert(world.events, { name = name, text = text }) end
  return fine, why, code
end

function raw.background(fn)
  table.insert(world.background, fn)
  return true
end

local now = raw.clock.now

function raw.clock.now()
  return world.at or now()
end

-- ---- what a process remembers ----

local function own(key)
  return world.epoch .. ":" .. key
end

for memory, names in pairs { [raw.cache] = { "get", "put", "abandon" }, [raw.throttle] = { "take", "give_back" } } do
  for _, name in ipairs(names) do
    local known = memory[name]
    memory[name] = function(key, ...) return known(own(key), ...) end
  end
end

local due = raw.cache_due

function raw.cache_due(prefix)
  local list = due(own(prefix))
  for i = 1, #list, 2 do list[i] = list[i]:sub(#own("") + 1) end
  return list
end

return world
