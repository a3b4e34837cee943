-- plateia.background: background.after(fn, ...) runs fn after the answer of this request has been given, in this
-- process's memory and at most once: what must not be lost goes through the outbox. Its failure is logged. Returns
-- true, or nil, message, "busy" where too much waits already.
--
-- It runs whatever the answer was; not when the handler raised a bug, nor when the client had gone before.

local raw = require "plateia.raw"
local trace = require "plateia.trace"

local background = {}

local function explain(raised)
  return (trace(tostring(raised)))
end

local function place_of(fn)
  local info = debug.getinfo(fn, "S")
  return info.short_src .. ":" .. info.linedefined
end

function background.after(fn, ...)
  if type(fn) ~= "function" then error("background.after takes a function, not a " .. type(fn), 2) end
  local args = table.pack(...)
  return raw.background(function()
    local fine, raised = xpcall(fn, explain, table.unpack(args, 1, args.n))
    if not fine then raw.log("error", "background work raised", { place = place_of(fn), reason = raised }) end
    return true
  end)
end

return background
