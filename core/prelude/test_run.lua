-- Runs specs, step by step, as the core says: "begin", for each file "load" and "after", "plan" (how many steps?), for
-- each step "run" and "after", "end", and "failures" (how many?). Each word is a job of its own; "load" and "run" may
-- be stopped, and their "after" then says why. Each returns the text that is shown, or nil and what is wrong.
--
-- A spec, with its before_each and after_each, stands between mark and undo; so does what stands between setup and
-- teardown.

local check = require "plateia.test_assert"
local raw = require "plateia.raw"
local report = require "plateia.test_report"
local show = require "plateia.test_show"
local tree = require "plateia.test_tree"
local world = require "plateia.test_world"

local MOST_TRACE = 12
local OUT_OF_MEMORY = "not enough memory" -- Lua's words

local told          -- the report
local unsaid = ""   -- of it, what is shown at the end
local mode, filter, places
local roots, steps = {}, nil
local running       -- the step that runs: { finally = {} }
local marks = {}    -- of the marks that are set: where the clock stood
local broken        -- the step whose setup failed: its specs are not run

-- ---- what went wrong ----

-- The lines of scripts and specs that led here, the innermost first.
local function trace_from(level)
  local lines = {}
  while #lines < MOST_TRACE do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if info.source:sub(1, 1) == "@" then lines[#lines + 1] = info.source:sub(2) .. ":" .. info.currentline end
    level = level + 1
  end
  return lines
end

local function text_of(raised)
  if type(raised) ~= "table" then return tostring(raised) end
  if type(rawget(raised, "detail")) == "string" then return raised.detail end
  local meta = debug.getmetatable(raised)
  return meta and meta.__tostring and tostring(raised) or show(raised)
end

-- The message handler. What was raised as a table keeps its text.
local function explain(raised)
  if tree.is_pending(raised) then return { pending = raised.message } end
  local trace = trace_from(3)
  local why = text_of(raised):gsub("^prelude/[%w_]+%.lua:%d+: ", "")
  if trace[1] and not why:find "^[^\n]-:%d+: " then why = trace[1] .. ": " .. why end
  return { why = why, trace = trace }
end

-- What goes wrong beyond the handler (no memory, no stack, a __tostring that raises) is text.
local function attempt(fn, ...)
  local fine, found = xpcall(fn, explain, ...)
  if found == OUT_OF_MEMORY then
    found = "it used more memory than there is for all specs (four times script_memory)"
  end
  if not fine and type(found) ~= "table" then found = { why = tostring(found) } end
  return fine, found
end

-- ---- marks ----

local function mark()
  marks[#marks + 1] = { at = world.at }
  local fine, why = raw.trial.mark()
  if fine and not marks[2] then fine, why = world.keep_house() end
  if not fine then error("the database: " .. why, 0) end
end

local function undo_to(depth)
  while #marks > depth do
    local last = table.remove(marks)
    world.at = last.at
    local fine, why = raw.trial.undo()
    if not fine then return nil, "the database: " .. why end
  end
  return true
end

-- ---- files ----

local function current_step()
  return running
end

local function load_file(number)
  local path = raw.trial.files()[number]
  local root, globals = tree.new(path, check, current_step)
  local fn, why = raw.trial.load(number, globals)
  if not fn then return nil, why end
  local fine, found = attempt(fn)
  if not fine then return nil, found.why or tostring(found.pending) end
  roots[#roots + 1] = root
  return ""
end

local function after_load(number, why)
  if not why then return "" end
  local path = raw.trial.files()[number]
  local place = why:match "^([^\n]-_spec%.lua:%d+): "
  return told:fail { place = place or path .. ":1", name = "the file does not load", why = why }
end

-- ---- one spec ----

local function before(block)
  if block.parent then before(block.parent) end
  for _, fn in ipairs(block.before) do fn() end
end

local function body(spec)
  before(spec.parent)
  spec.fn()
end

-- All of them, whatever becomes of one; the first failure.
local function run_all(list, found)
  for i = #list, 1, -1 do
    local fine, failure = attempt(list[i])
    if not fine then found = found or failure end
  end
  return found
end

local function clean_up(spec, found)
  found = run_all(running.finally, found)
  local block = spec.parent
  while block do
    found = run_all(block.after, found)
    block = block.parent
  end
  return found
end

local function run_spec(step)
  local spec = step.spec
  if not spec.fn then
    step.skipped = spec.skip ~= true and spec.skip or "it has no body yet"
    return
  end
  mark()
  local fine, found = attempt(body, spec)
  found = clean_up(spec, not fine and found or nil)
  if found and found.pending then
    step.skipped = found.pending
  elseif found then
    step.failure = found
  end
end

local function run_setup(step)
  mark()
  for _, fn in ipairs(step.block.setup) do
    local fine, found = attempt(fn)
    if not fine then
      step.failure = found
      return
    end
  end
end

local function run_teardown(step)
  step.failure = run_all(step.block.teardown)
end

local runs = { spec = run_spec, setup = run_setup, teardown = run_teardown }

local function run(number)
  local step = steps[number]
  if broken then return "" end
  if step.kind ~= "teardown" then world.renew() end
  step.finally = {}
  running = step
  runs[step.kind](step)
  return ""
end

-- ---- and after it ----

local function stopped(why)
  if not why:find "^this took longer" then return { why = why } end
  why = "stopped: it took longer than 5 s, waits included"
  return { why = world.waits and why .. "; it waited at " .. world.waits or why }
end

local function tell_spec(step)
  local name = tree.full_name(step.spec)
  if broken then return told:skip(name, "its setup failed") end
  if step.failure then
    return told:fail { place = step.spec.place, name = name, why = step.failure.why, trace = step.failure.trace }
  end
  if step.skipped then return told:skip(name, step.skipped) end
  return told:pass(name)
end

local function file_of(block)
  while block.parent do block = block.parent end
  return block.file
end

local function tell_block(step)
  local failure = step.failure
  if not failure then return "" end
  return told:fail { place = failure.trace and failure.trace[1] or file_of(step.block) .. ":1", why = failure.why,
    name = (tree.full_name(step.block) .. " " .. step.kind):gsub("^ ", ""), trace = failure.trace }
end

local function after_run(number, why)
  local step = steps[number]
  running = nil
  if why then step.failure = stopped(why) end
  local text = step.spec and tell_spec(step) or tell_block(step)
  if step.kind == "setup" and step.failure then broken = step end
  if step.kind == "teardown" and broken and broken.block == step.block then broken = nil end
  local fine, wrong = undo_to(step.depth)
  return fine and text, wrong
end

-- ---- the words ----

-- Gives each step the number of marks that stay set behind it.
local function measure()
  local depth = 0
  for _, step in ipairs(steps) do
    if step.kind == "setup" then depth = depth + 1 end
    if step.kind == "teardown" then depth = depth - 1 end
    step.depth = depth
  end
end

local function wanted(spec)
  return filter == "" or tree.full_name(spec):find(filter) ~= nil
end

-- Nothing to run is a failure, as somebody meant to run something.
local function nothing()
  if told.failed > 0 then return "" end
  local files = raw.trial.files()
  local why = ("no file in %s ends with _spec.lua: write one, such as scripts/routes/hello_spec.lua, or name a file or "
    .. "a folder that has some"):format(places)
  if files[1] then why = "there is no spec in " .. table.concat(files, ", ") .. ": describe and it make one" end
  if files[1] and filter ~= "" then why = ("the filter %s fits no spec: --list shows them all"):format(filter) end
  return told:fail { place = files[1] and files[1] .. ":1" or places, name = "there is nothing to run", why = why }
end

local function list()
  local lines = {}
  for _, step in ipairs(steps) do
    if step.kind == "spec" then lines[#lines + 1] = step.spec.place .. ": " .. tree.full_name(step.spec) .. "\n" end
  end
  return table.concat(lines)
end

local commands = {}

function commands.begin(output, pattern, colours, searched)
  mode, filter, places = output, pattern, searched
  told = report.new(output == "list" and "names" or output, colours ~= nil)
  local fine, why = pcall(string.find, "", pattern)
  if not fine then return nil, "--filter: " .. why end
  return ""
end

function commands.load(number) return load_file(math.tointeger(tonumber(number))) end

function commands.run(number) return run(math.tointeger(tonumber(number))) end

function commands.after(what, number, why)
  return (what == "load" and after_load or after_run)(math.tointeger(tonumber(number)), why)
end

function commands.plan()
  steps = tree.plan(roots, wanted)
  measure()
  unsaid = steps[1] and "" or nothing()
  return tostring(mode == "list" and 0 or #steps)
end

commands["end"] = function()
  return mode == "list" and told.failed == 0 and list() or unsaid .. told:finish()
end

function commands.failures() return tostring(told.failed) end

-- house: what app.lua has become (boot.lua).
return function(house)
  world.house = house
  return function(word, ...)
    return commands[word](...)
  end
end
