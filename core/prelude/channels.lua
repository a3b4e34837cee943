-- plateia.channels: channels(list) -> the same list, after each entry was held against what a channel is:
-- { name = , check = function(settings), send = function(message) }, with a name of its own.

local options = require "plateia.options"
local origin = require "plateia.origin"
local raw = require "plateia.raw"

local keys = { name = "string", check = "function", send = "function" }

-- In a run of specs nothing leaves the house (`plateia test`).
local capture = raw.trial and require("plateia.test_world").capture or nil

return function(list)
  local seen = { none = true } -- what somebody says who wants no channel
  for i, channel in ipairs(list) do
    local what, at = ("channels: entry %d"):format(i), origin.of(channel)
    options.check(what, channel, keys, at)
    for _, key in ipairs { "name", "check", "send" } do
      if channel[key] == nil then options.refuse(what, ("%s is missing, a %s"):format(key, keys[key]), at) end
    end
    if not channel.name:find "^[a-z][a-z0-9_]*$" then
      options.refuse(what, ("a name is made of small letters, digits and _; \"%s\" is not"):format(channel.name), at)
    end
    if seen[channel.name] then options.refuse(what, ("the name \"%s\" is taken"):format(channel.name), at) end
    seen[channel.name] = true
    if capture then capture(channel) end
  end
  return list
end
