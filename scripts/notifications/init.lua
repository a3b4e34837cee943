-- Makes notifications: the only place that knows how data becomes a message, and which channel takes it.
--
-- A channel is a file of this folder:
--
--   return {
--     name = "pigeon",                       -- as the file; what notify_by says
--     check = function(settings) ... end,    -- can it send at all? true, or nil and why not
--     send = function(message) ... end,      -- true; or nil, why, and "retry" or "dead" (will never work)
--   }
--
-- and a message is { key, to, subject, text, template, data }: `key` is the same at every attempt.

local all = require "plateia.all"
local channels = require "plateia.channels"
local log = require "plateia.log"
local settings = require "plateia.settings"
local templates = require "lib.templates"

local notifications = { channels = channels(all "notifications") }

local by_name = {}
for _, channel in ipairs(notifications.channels) do by_name[channel.name] = channel end

-- ---- making ----

-- The words with the data in them; or nil and which of the data is missing.
local function fill(words, data)
  local missing
  local text = words:gsub("{([%w_]+)}", function(name)
    if data[name] == nil then missing = missing or name end
    return tostring(data[name])
  end)
  if missing then return nil, ("the data has no %s"):format(missing) end
  return text
end

-- A subject is one line, whatever is in the data.
local function one_line(text)
  return (text:gsub("%c+", " "))
end

-- row: { key, recipient, template, data }. A message, or nil and why it cannot be made.
function notifications.make(row)
  local words = templates[row.template]
  if not words then return nil, ("there is no template \"%s\""):format(row.template) end
  local subject, text, why
  subject, why = fill(words.subject, row.data)
  if not subject then return nil, why end
  text, why = fill(words.text, row.data)
  if not text then return nil, why end
  return { key = row.key, to = row.recipient, subject = one_line(subject), text = text, template = row.template,
    data = row.data }
end

-- ---- sending ----

-- A row of the outbox: true; or nil, why, and "retry" or "dead". A channel may come back with the next edit.
function notifications.send(row)
  local channel = by_name[row.channel]
  if not channel then return nil, ("there is no channel \"%s\""):format(row.channel), "retry" end
  local message, why = notifications.make(row)
  if not message then return nil, why, "dead" end
  return channel.send(message)
end

-- ---- choosing ----

-- Names of the channels that can send, in order; the first is "none".
function notifications.choices()
  local names = { "none" }
  for _, channel in ipairs(notifications.channels) do
    local usable, why = channel.check(settings)
    if usable then
      names[#names + 1] = channel.name
    else
      log.info("a channel is not offered", { channel = channel.name, reason = why })
    end
  end
  return names
end

return notifications
