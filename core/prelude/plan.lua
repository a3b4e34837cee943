-- The order in which a route's depends are resolved, worked out when the route is loaded.
--
-- Those with `security` come first, with what they need: a stranger learns nothing from how his request is
-- read. Each stands once, behind what it needs.

local plan = {}

local function sorted_keys(depends)
  local keys = {}
  for key in pairs(depends or {}) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- Adds the depend and, before it, what it needs; returns its step.
local function add(steps, depend)
  local step = steps[depend]
  if step then return step end
  step = { depend = depend, resolve = depend.resolve, keys = {} }
  for _, key in ipairs(sorted_keys(depend.depends)) do
    local needed = add(steps, depend.depends[key])
    needed.kept = true
    step.needs = step.needs or {}
    table.insert(step.needs, { key = key, depend = needed.depend })
  end
  steps[depend] = step
  table.insert(steps, step)
  return step
end

-- Adds those that have a security, however deep they stand.
local function add_guards(steps, depend)
  if depend.security then add(steps, depend) end
  for _, key in ipairs(sorted_keys(depend.depends)) do add_guards(steps, depend.depends[key]) end
end

-- Returns the steps before and those after the request is read, and the set of securities it asks for.
function plan.make(depends)
  local steps, securities = {}, {}
  local keys = sorted_keys(depends)
  for _, key in ipairs(keys) do add_guards(steps, depends[key]) end
  local guards = #steps
  for _, key in ipairs(keys) do
    table.insert(add(steps, depends[key]).keys, key)
  end
  for _, step in ipairs(steps) do
    if step.depend.security then securities[step.depend.security] = true end
  end
  return table.move(steps, 1, guards, 1, {}), table.move(steps, guards + 1, #steps, 1, {}), securities
end

local function gather(needs, req)
  local got = {}
  for i = 1, #needs do got[needs[i].key] = req[needs[i].depend] end
  return got
end

-- Results stand in the request: under the route's keys, and, where another depend needs one, under the depend.
function plan.resolve(steps, req)
  for i = 1, #steps do
    local step = steps[i]
    local value = step.resolve(req, step.needs and gather(step.needs, req))
    for k = 1, #step.keys do req[step.keys[k]] = value end
    if step.kept then req[step.depend] = value end
  end
end

return plan
