-- The world that the double of plateia.raw plays: what the database answers, what time it is, what was logged.
-- A spec sets it up, and looks at it afterwards.

local world = {}

function world.reset()
  world.answers = {}  -- query name -> function(...) that gives rows, or nil, message, code
  world.queries = {}  -- made-up query name -> { class, number of parameters }
  world.calls = {}    -- { name = , args = , tx = } in order; also "begin", "commit", "rollback"
  world.open = nil    -- the transaction that is open
  world.logged = {}   -- { level = , message = , fields = }
  world.flushed = 0   -- how many of them have left for sure
  world.time = 1795371180.5 -- 2026-11-22T18:13:00.500Z
  world.cache = {}
  world.cache_full = nil
  world.cache_fails = nil
  world.hasher_busy = nil
  world.tries = {}    -- key -> { count, ends }
  world.dropped = {}
  world.published = {}  -- { name = , event = } in order
  world.bus_full = nil
  world.streamed = {}   -- { name = , text = , value = } in order
  world.stream_full = nil
  world.background = {} -- what was put off
  world.background_full = nil
  world.files = {}    -- path -> text, before the real files of scripts/
  world.folders = {}  -- folder -> module names, before the real ones
  world.settings = {}
  world.progress = {}
  world.random = 0
  world.waits = 0
  world.counted = {}  -- "name{label,label}" -> what was counted
  world.metrics_refused = nil
end

-- What waits on the core yields to whoever drives; so a handler is resumed as the core would resume it.
function world.wait()
  if coroutine.isyieldable() then
    world.waits = world.waits + 1
    coroutine.yield "waiting"
  end
end

-- Runs fn(...) in a coroutine to its end; gives its results, or raises what it raised.
function world.drive(fn, ...)
  local co = coroutine.create(fn)
  local results = table.pack(coroutine.resume(co, ...))
  while results[1] and coroutine.status(co) == "suspended" do
    assert(results[2] == "waiting", "only what waits on the core may yield")
    results = table.pack(coroutine.resume(co))
  end
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

-- The query gives these rows.
function world.gives(name, rows)
  world.answers[name] = function() return rows end
end

-- The query fails.
function world.fails(name, message, code)
  world.answers[name] = function() return nil, message, code end
end

-- Names of what was called, in order.
function world.called()
  local names = {}
  for i, call in ipairs(world.calls) do names[i] = call.name end
  return names
end

-- Arguments of the last call of that name.
function world.args_of(name)
  for i = #world.calls, 1, -1 do
    if world.calls[i].name == name then return world.calls[i].args end
  end
end

world.reset()
return world
