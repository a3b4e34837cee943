-- The words of a spec file (describe, it, before_each, ...) and the tree that they make while the file loads.
--
-- A block: { name, parent, children = blocks and specs in order, setup, teardown, before, after = lists of functions }.
-- A spec: { name, parent, fn or nil, place = "file:line" }.

local place = require "plateia.place"

local tree = {}

-- What is raised by pending() within a spec.
local Pending = { __tostring = function(pending) return pending.message end, __metatable = false }

function tree.is_pending(raised)
  return type(raised) == "table" and rawget(raised, "message") ~= nil and debug.getmetatable(raised) == Pending
end

local function block_of(name, parent)
  return { name = name, parent = parent, children = {}, setup = {}, teardown = {}, before = {}, after = {} }
end

-- "block block spec", as a filter sees it.
function tree.full_name(item)
  local parent = item.parent and tree.full_name(item.parent) or ""
  return item.name and (parent ~= "" and parent .. " " or "") .. item.name or parent
end

-- The root of a file, and the globals that its code finds beside the scripts' own. `running()`: what runs now, a spec's
-- { finally = functions }, or nil.
function tree.new(file, check, running)
  local root = block_of(nil, nil)
  local current = root
  root.file = file

  local function must_load(word)
    if running() then error(word .. " stands in a describe, not in a spec", 3) end
  end

  local function describe(name, fn)
    must_load "describe"
    local block = block_of(tostring(name), current)
    table.insert(current.children, block)
    current = block
    fn()
    current = block.parent
  end

  local function it(name, fn)
    must_load "it"
    table.insert(current.children, { name = tostring(name), parent = current, fn = fn,
      place = place() or file .. ":1" })
  end

  local function pending(name, why)
    if running() then error(setmetatable({ message = tostring(name or "pending") }, Pending), 0) end
    table.insert(current.children, { name = tostring(name), parent = current, place = place() or file .. ":1",
      skip = type(why) == "string" and why or true })
  end

  local function hook(word, list)
    return function(fn)
      must_load(word)
      if type(fn) ~= "function" then error(word .. " takes a function", 2) end
      table.insert(current[list], fn)
    end
  end

  local function finally(fn)
    local now = running()
    if not now then error("finally stands in a spec", 2) end
    table.insert(now.finally, fn)
  end

  local globals = { describe = describe, context = describe, insulate = describe, expose = describe, it = it, test = it,
    spec = it, pending = pending, finally = finally, assert = check, before_each = hook("before_each", "before"),
    after_each = hook("after_each", "after") }
  for _, word in ipairs { "setup", "strict_setup", "lazy_setup" } do globals[word] = hook(word, "setup") end
  for _, word in ipairs { "teardown", "strict_teardown", "lazy_teardown" } do globals[word] = hook(word, "teardown") end
  return root, globals
end

-- ---- the order of things ----

local function plan_block(block, wanted, steps)
  local inner = {}
  for _, child in ipairs(block.children) do
    if child.children then
      plan_block(child, wanted, inner)
    elseif wanted(child) then
      inner[#inner + 1] = { kind = "spec", spec = child }
    end
  end
  local bracket = inner[1] and (block.setup[1] or block.teardown[1])
  if bracket then steps[#steps + 1] = { kind = "setup", block = block } end
  table.move(inner, 1, #inner, #steps + 1, steps)
  if bracket then steps[#steps + 1] = { kind = "teardown", block = block } end
end

-- The steps of a run: { kind = "spec", spec }, and around those of a block that says so, "setup" and "teardown".
function tree.plan(roots, wanted)
  local steps = {}
  for _, root in ipairs(roots) do plan_block(root, wanted, steps) end
  return steps
end

return tree
