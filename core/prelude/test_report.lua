-- How a run of specs is told: each function returns text. The last line is "N passed, N failed", with ", N skipped".

local report = {}

local colours = { passed = "\27[32m", failed = "\27[31m", skipped = "\27[33m" }
local dots = { passed = ".", failed = "F", skipped = "-" }
local words = { passed = "ok   ", failed = "FAIL ", skipped = "skip " }

local function indent(text, by)
  return by .. text:gsub("\n", "\n" .. by)
end

-- How it came there, where that says more than the place does.
local function way(failure)
  local trace = failure.trace or {}
  return trace[2] and trace or {}
end

local function painted(self, kind, text)
  return self.colours and colours[kind] .. text .. "\27[0m" or text
end

-- ---- dots and names ----

local plain = {}

function plain.one(self, kind, name)
  self.shown = true
  if self.mode == "dots" then return painted(self, kind, dots[kind]) end
  return painted(self, kind, words[kind]) .. name .. "\n"
end

local function tell_failure(self, failure)
  local text = ("%s%s: %s\n%s\n"):format(painted(self, "failed", words.failed), failure.place, failure.name,
    indent(failure.why, "     "))
  for _, line in ipairs(way(failure)) do text = text .. "       " .. line .. "\n" end
  return text
end

function plain.finish(self)
  local parts = { self.mode == "dots" and self.shown and "\n" or "" }
  for _, failure in ipairs(self.failures) do parts[#parts + 1] = tell_failure(self, failure) end
  return table.concat(parts)
end

-- ---- TAP ----

local tap = {}

function tap.one(self, kind, name, failure, why)
  name = name:gsub("#", "\\#"):gsub("\n", " ")
  local line = ("%s %d - %s"):format(kind == "failed" and "not ok" or "ok", self.count, name)
  if kind == "skipped" then line = line .. " # SKIP " .. tostring(why):gsub("\n", " ") end
  if not failure then return line .. "\n" end
  local lines = { line, indent(failure.place .. ": " .. failure.why, "# ") }
  for _, at in ipairs(way(failure)) do lines[#lines + 1] = "#   " .. at end
  return table.concat(lines, "\n") .. "\n"
end

function tap.finish(self) return ("1..%d\n"):format(self.count) end

-- ---- all of them ----

local Report = {}
Report.__index = Report

-- mode: "dots", "names" or "tap".
function report.new(mode, coloured)
  return setmetatable({ mode = mode, colours = coloured and mode ~= "tap", form = mode == "tap" and tap or plain,
    count = 0, passed = 0, failed = 0, skipped = 0, failures = {} }, Report)
end

function Report:pass(name)
  self.count, self.passed = self.count + 1, self.passed + 1
  return self.form.one(self, "passed", name)
end

function Report:skip(name, why)
  self.count, self.skipped = self.count + 1, self.skipped + 1
  return self.form.one(self, "skipped", name, nil, why)
end

-- failure: { place, name, why, trace = lines or nil }
function Report:fail(failure)
  self.count, self.failed = self.count + 1, self.failed + 1
  self.failures[self.failed] = failure
  return self.form.one(self, "failed", failure.name, failure)
end

function Report:finish()
  local line = ("%d passed, %d failed"):format(self.passed, self.failed)
  if self.skipped > 0 then line = line .. (", %d skipped"):format(self.skipped) end
  return self.form.finish(self) .. line .. "\n"
end

return report
