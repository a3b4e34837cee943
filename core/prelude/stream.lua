-- plateia.stream: stream.publish(name, value, form) shows everybody who watches the stream how things are now.
--
--   local fine, why, code = stream.publish("things", { items = items }, things.List)
--
-- Clients get Server-Sent Events: `event:` is the name, `data:` the value as JSON in one line, `id:` rises.
-- The newest frame is kept: who comes later gets it at once, and a reload of the scripts does not lose it. So each
-- frame says how things are, not what has changed: at most four a second are shown, and a slow client sees fewer.
--
-- form: of plateia.field, or nil: only what it declares is written, in its order; a value that does not fit raises.
-- A value is at most 64 KiB of JSON (else nil, message, "limit"); there are at most 32 names, of 63 letters, digits,
-- `_`, `-` and `.`. Streams are of one process: an observer, which every process runs once, is who publishes.

local raw = require "plateia.raw"

local stream = {}

local function written(name, value, form)
  if not form then return raw.json.encode(value) end
  form.shape = form.shape or raw.json.shape(form)
  local text, why = raw.json.write(form.shape, value)
  if why then error(("stream %s: what is published%s"):format(name, why), 3) end
  return text
end

function stream.publish(name, value, form)
  if type(name) ~= "string" then error("a stream has a name, not a " .. type(name), 2) end
  if value == nil then error(("stream %s: nothing was given to publish"):format(name), 2) end
  return raw.stream.publish(name, written(name, value, form))
end

return stream
