-- Tells our declarations (fields, routes, depends, failures) from any other table, by a metatable of their own, which
-- no script can get: it is the same for all of a kind.

local metatable_of = debug.getmetatable
local metas = {}
local mark = {}

function mark.set(kind, value)
  metas[kind] = metas[kind] or { __name = "plateia." .. kind, __metatable = false }
  return setmetatable(value, metas[kind])
end

function mark.is(kind, value)
  return metas[kind] ~= nil and metatable_of(value) == metas[kind]
end

return mark
