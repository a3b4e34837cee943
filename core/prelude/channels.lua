-- plateia.channels: channels(list) -> the same list, after each entry was held against what a channel is:
-- { name = , check = function(settings), send = function(message) }, with a name of its own.

local options = require "plateia.options"

local keys = { name = "string", check = "function", send = "function" }

local function refuse(i, why)
  options.refuse(("channels: entry %d"):format(i), why, false)
end

return function(list)
  local seen = { none = true } -- what somebody says who wants no channel
  for i, channel in ipairs(list) do
    options.check(("channels: entry %d"):format(i), channel, keys, false)
    for key, kind in pairs(keys) do
      if channel[key] == nil then refuse(i, ("%s is missing, a %s"):format(key, kind)) end
    end
    if not channel.name:find "^[a-z][a-z0-9_]*$" then
      refuse(i, ("a name is made of small letters, digits and _; \"%s\" is not"):format(channel.name))
    end
    if seen[channel.name] then refuse(i, ("the name \"%s\" is taken"):format(channel.name)) end
    seen[channel.name] = true
  end
  return list
end
