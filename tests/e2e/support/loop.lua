-- loop: waiting, written as if it blocked.
--
-- A test reads from top to bottom; what it waits for (an answer, a process, a time) is an event of libuv.
-- Called from a test itself, a wait runs the event loop until the event is there. Called from within a task
-- (loop.go), it yields, so that hundreds of tasks can wait at the same time. Every wait has an end.

local uv = require "luv"

local loop = {}

-- How many times longer than usual everything may take (a server under valgrind is slow): for every wait's end.
loop.patience = tonumber(os.getenv "PLATEIA_TEST_PATIENCE") or 1

local tasks = {} -- the coroutines that loop.go started

local function hand_over(co, ...)
  local ok, why = coroutine.resume(co, ...)
  if not ok then error(debug.traceback(co, tostring(why)), 0) end
end

-- Calls begin(done); returns what done is given when it is called, or nil, "timeout" after that many seconds.
function loop.await(seconds, begin)
  local co = coroutine.running()
  local timer = uv.new_timer()
  local answer, waiting
  local function done(...)
    if answer then return end
    answer = table.pack(...)
    timer:stop()
    timer:close()
    if waiting then hand_over(co) end
  end
  timer:start(math.ceil(seconds * loop.patience * 1000), 0, function() done(nil, "timeout") end)
  begin(done)
  if tasks[co] then
    if not answer then
      waiting = true
      coroutine.yield()
    end
  else
    while not answer do uv.run "once" end
    uv.run "nowait" -- luv crashes when Lua ends between a handle's close and the event that it is closed
  end
  return table.unpack(answer, 1, answer.n)
end

function loop.now()
  uv.update_time()
  return uv.hrtime() / 1e9
end

function loop.sleep(seconds)
  loop.await(seconds + 1, function(done)
    local timer = uv.new_timer()
    timer:start(math.ceil(seconds * 1000), 0, function()
      timer:close()
      done(true)
    end)
  end)
end

-- Asks `condition` again and again until it returns something true, which is returned; raises after `seconds`.
function loop.wait_until(what, seconds, condition)
  local limit = loop.now() + seconds * loop.patience
  while true do
    local value, why = condition()
    if value then return value end
    if loop.now() > limit then
      error(("waited %g s in vain: %s%s"):format(seconds, what, why and " (" .. tostring(why) .. ")" or ""), 2)
    end
    loop.sleep(0.02)
  end
end

-- Starts fn as a task of its own. task:join(seconds) waits for it and returns its results, or raises its error.
function loop.go(fn)
  local task = { watchers = {} }
  local co = coroutine.create(function()
    task.result = table.pack(xpcall(fn, function(why)
      return type(why) == "string" and debug.traceback(why, 2) or why
    end))
    tasks[task.co] = nil
    for _, watcher in ipairs(task.watchers) do watcher() end
  end)
  task.co = co
  tasks[co] = true
  function task:join(seconds)
    if not self.result then
      local _, why = loop.await(seconds or 60, function(done) table.insert(self.watchers, done) end)
      if why == "timeout" then error("a task did not end in time", 2) end
    end
    if not self.result[1] then error(self.result[2], 0) end
    return table.unpack(self.result, 2, self.result.n)
  end
  hand_over(co)
  return task
end

-- fn(item, index) for every item, `width` of them at a time, each in a task; returns the results in order.
function loop.each(items, width, fn, seconds)
  local results, runners, next_index = {}, {}, 0
  for i = 1, math.min(width, #items) do
    runners[i] = loop.go(function()
      while next_index < #items do
        next_index = next_index + 1
        local index = next_index
        results[index] = fn(items[index], index)
      end
    end)
  end
  for _, runner in ipairs(runners) do runner:join(seconds) end
  return results
end

return loop
