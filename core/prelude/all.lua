-- plateia.all: all "routes" -> what the files right in that folder of scripts return, in the order of names.
-- So dropping in a file adds a route, an adapter or whatever the folder holds.

local origin = require "plateia.origin"
local raw = require "plateia.raw"

return function(dir)
  local list = {}
  for i, name in ipairs(raw.scripts(dir)) do
    local module = require(name)
    if type(module) ~= "table" then
      local at = raw.place(name, "\nreturn")
      error(("%s%s returns a %s, not a declaration"):format(at and at .. ": " or "", name, type(module)), 0)
    end
    origin.note(module, name)
    list[i] = module
  end
  return list
end
