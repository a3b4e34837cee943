-- Which file a declaration came from, for messages about declarations that do not fit together: by then whoever made
-- them has returned. Known of what `all` has loaded.

local raw = require "plateia.raw"

local names = setmetatable({}, { __mode = "k" }) -- what a file returned -> its module's name
local RETURN = "\nreturn" -- where a file declares

local origin = {}

function origin.note(value, name)
  names[value] = name
end

-- "scripts/routes/account.lua:12", or nil.
function origin.of(value)
  return names[value] and raw.place(names[value], RETURN)
end

-- The line of app.lua where the first of these texts stands, or where it declares.
function origin.in_app(...)
  local texts = { ... }
  texts[#texts + 1] = RETURN
  return raw.place("app", table.unpack(texts)) or "app.lua:1"
end

return origin
