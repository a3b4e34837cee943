-- plateia.depend: something a route needs before its handler runs, made once a request however many ask for it.
--
--   depend { name = "signed_in", security = "bearer", resolve = function(req, got) ... return user end }
--
-- `depends` names what this one needs itself: resolve gets the results in `got` under the same keys. A resolve
-- may wait, and may end the request with `fail`.

local mark = require "plateia.mark"
local options = require "plateia.options"

local known = { name = "string", security = "string", depends = "table", resolve = "function" }

return function(given)
  local what = "depend " .. (type(given) == "table" and tostring(given.name) or "")
  options.check(what, given, known)
  if not given.name then options.refuse(what, "a name is missing") end
  if not given.resolve then options.refuse(what, "resolve is missing") end
  for key, needed in pairs(given.depends or {}) do
    if not mark.is("depend", needed) then options.refuse(what, ("depends.%s is not a depend"):format(key)) end
  end
  return mark.set("depend", given)
end
