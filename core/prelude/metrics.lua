-- plateia.metrics: what scripts count, shown at GET /metrics of the admin listener beside what the core counts.
--
--   local tries = metrics.counter("login_attempts_total", "Attempts to sign in, by how they ended", { "result" })
--   ... tries:add(1, "good")
--
-- counter(name, help, labels), gauge(name, help, labels), histogram(name, help, labels, bounds): while the file loads.
-- A counter's name ends in _total; a unit stands in the name and is a base one (seconds, bytes). Labels are names of
-- few different values each, never of what people typed: beyond 128 series of a metric all go into one, "other".
--
--   counter:add(value, label, ...)     value is not negative
--   gauge:set(value, label, ...)       and gauge:add, which may be negative
--   histogram:add(value, label, ...)
--
-- The counts are the process's and outlive a reload: who declares a metric as it was goes on counting.

local options = require "plateia.options"
local raw = require("plateia.raw").metrics

local function kind_of(methods)
  methods.__index = methods
  methods.__metatable = false
  return methods
end

local function add(self, value, ...)
  raw.add(self.number, value, ...)
end

local function set(self, value, ...)
  raw.set(self.number, value, ...)
end

local kinds = {
  counter = kind_of { add = add },
  gauge = kind_of { add = add, set = set },
  histogram = kind_of { add = add },
}

local function is_list_of(kind, list)
  if list == nil then return true end
  if type(list) ~= "table" then return false end
  local count = 0
  for key, value in pairs(list) do
    count = count + 1
    if math.type(key) ~= "integer" or type(value) ~= kind then return false end
  end
  return count == #list
end

local function declare(kind, name, help, labels, bounds)
  local what = "metrics." .. kind
  if type(name) ~= "string" then options.refuse(what, "a name was expected, not a " .. type(name)) end
  if type(help) ~= "string" then options.refuse(what, name .. ": a sentence that explains it was expected") end
  if not is_list_of("string", labels) then options.refuse(what, name .. ": the labels are a list of names") end
  if not is_list_of("number", bounds) then options.refuse(what, name .. ": the bounds are a list of numbers") end
  local number, why = raw.declare(kind, name, help, labels, bounds)
  if not number then options.refuse(what, why) end
  return setmetatable({ number = number }, kinds[kind])
end

local metrics = {}

function metrics.counter(name, help, labels)
  return (declare("counter", name, help, labels))
end

function metrics.gauge(name, help, labels)
  return (declare("gauge", name, help, labels))
end

function metrics.histogram(name, help, labels, bounds)
  return (declare("histogram", name, help, labels, bounds or {}))
end

return metrics
