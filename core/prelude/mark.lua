-- Tells our declarations (fields, routes, depends, failures) from any other table, by a metatable of their own.

local metas = {}
local mark = {}

function mark.set(kind, value)
  metas[kind] = metas[kind] or { __name = "plateia." .. kind }
  return setmetatable(value, metas[kind])
end

function mark.is(kind, value)
  return metas[kind] ~= nil and getmetatable(value) == metas[kind]
end

return mark
