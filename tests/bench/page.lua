-- page: writes what was measured into docs/: pictures, and the part of performance.md between two comments.

local plot = require "plot"
local process = require "support.process"
local report = require "report"

local page = {}

local PATH = "docs/performance.md"
local BEGIN, END = "<!-- bench: begin -->\n", "<!-- bench: end -->"
local WORKS = { votes = true, movie = true, page = true, top = true }

-- The bars of each work: parts(row) gives the numbers, figure(parts) the text.
local function groups(results, unit, parts, figure)
  local list = {}
  for _, work in ipairs(results) do
    local bars = {}
    for _, row in ipairs(WORKS[work.name] and work or {}) do
      if row.done[1] then
        local numbers = parts(row)
        bars[#bars + 1] = { name = row.name, parts = numbers, figure = figure(numbers), ours = row.name:find "^ours" }
      end
    end
    if bars[1] then list[#list + 1] = { title = work.title, unit = unit .. report.a(work.per), bars = bars } end
  end
  return list
end

local function rates(row)
  return { (report.middle(row, function(done) return done.rate end)) }
end

local function cpu(row)
  local parts = {}
  for i, who in ipairs { "server", "postgres", "load" } do
    parts[i] = report.middle(row, function(done) return done.cpu[who] end)
  end
  return parts
end

local function series(result, fn)
  local list = {}
  for k, kind in ipairs(result.kinds) do
    list[k] = { name = kind[1], values = {} }
    for i, row in ipairs(kind.rows) do list[k].values[i] = report.middle(row, fn) end
  end
  return list
end

local function lines_of(result)
  local below = "connections"
  return plot.lines("More connections", {
    { title = "answers a second", below = below, series = series(result, function(done) return done.rate end) },
    { title = "99 % are answered within, ms", below = below, logarithmic = true,
      series = series(result, function(done) return done.p99 end) } }, result.at)
end

-- name -> SVG
local function pictures(results)
  local found = {}
  local all = groups(results, "a second, each ", rates, function(numbers) return report.grouped(numbers[1]) end)
  if all[1] then
    found["bench-rates"] = plot.bars("Answers a second", all)
    found["bench-cpu"] = plot.bars("What one answer costs: microseconds of CPU",
      groups(results, "", cpu, function(numbers)
        return ("%.0f"):format(numbers[1] + numbers[2] + numbers[3])
      end), { "the server", "PostgreSQL", "who asks" })
  end
  for _, result in ipairs(results) do
    if result.name == "connections" then found["bench-connections"] = lines_of(result) end
  end
  return found
end

local ALT = {
  { "bench-rates", "Answers a second, of each" },
  { "bench-cpu", "Microseconds of CPU an answer, of the server, of PostgreSQL and of who asks" },
  { "bench-connections", "Answers a second and the times of 99 %, by connections" },
}

-- Writes pictures and text. `facts` is a sentence on the machine and the run.
function page.write(results, facts)
  local parts, drawn = { facts }, pictures(results)
  for _, each in ipairs(ALT) do
    if drawn[each[1]] then
      process.write_file("docs/" .. each[1] .. ".svg", drawn[each[1]])
      parts[#parts + 1] = ("![%s](%s.svg)"):format(each[2], each[1])
    end
  end
  parts[#parts + 1] = report.tables(results)
  local text = process.read_file(PATH)
  local _, from = text:find(BEGIN, 1, true)
  local to = text:find(END, 1, true)
  assert(from and to, PATH .. " has not the two comments that the figures go between")
  process.write_file(PATH, text:sub(1, from) .. "\n" .. table.concat(parts, "\n\n") .. "\n\n" .. text:sub(to))
end

return page
