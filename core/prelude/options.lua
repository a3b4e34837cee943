-- Holds a declaration against the list of keys that mean something, so that a misspelt key is told when the
-- file loads instead of being ignored for ever.

local place = require "plateia.place"

local options = {}

local function names(known)
  local list = {}
  for key in pairs(known) do list[#list + 1] = key end
  table.sort(list)
  return table.concat(list, ", ")
end

-- Raises a message that begins with the place of the declaration; `at` is given where the caller knows it.
function options.refuse(what, why, at)
  if at == nil then at = place() end
  error((at and at .. ": " or "") .. what .. ": " .. why, 0)
end

-- Makes the reading of what the module does not have raise, at the reader's line: a misspelt name is told.
function options.closed(name, module)
  local has = names(module)
  return setmetatable(module, { __index = function(_, key)
    error(("there is no %s.%s; there are: %s"):format(name, tostring(key), has), 2)
  end })
end

-- known: key -> the type its value has to have, or "any".
function options.check(what, given, known, at)
  if type(given) ~= "table" then options.refuse(what, "a table was expected, not a " .. type(given), at) end
  for key, value in pairs(given) do
    local wanted = known[key]
    if not wanted then
      options.refuse(what, ("there is no key \"%s\"; there are: %s"):format(tostring(key), names(known)), at)
    end
    if wanted ~= "any" and type(value) ~= wanted then
      options.refuse(what, ("%s is a %s, not a %s"):format(key, wanted, type(value)), at)
    end
  end
end

return options
