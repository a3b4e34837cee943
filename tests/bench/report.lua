-- report: measurements as people read them: one line while it goes on, Markdown tables at the end.

local report = {}

-- Of what went wrong, the first line and the first that speaks of an error, without this machine's paths.
local function first_line(text)
  local first = text:match "[^\n]+" or ""
  local more = text:match("\n([^\n]*[Ee]rror[^\n]*)") or ""
  return ((first .. " " .. more):gsub("%f[^%s'\"]/[^%s'\"]+", "..."):sub(1, 200))
end

local function milliseconds(value)
  return (value < 10 and "%.2f" or value < 100 and "%.1f" or "%.0f"):format(value)
end

local function grouped(value)
  local text = ("%.0f"):format(value)
  while true do
    local more, changed = text:gsub("^(%d+)(%d%d%d)", "%1,%2")
    if changed == 0 then return text end
    text = more
  end
end

function report.line(name, done, failed)
  if not done then return ("%-32s %s"):format(name, first_line(failed or "failed")) end
  return ("%-32s %8s/s  CPU us: server %.1f, PostgreSQL %.1f, load %.1f%s%s%s"):format(name, grouped(done.rate),
    done.cpu.server, done.cpu.postgres, done.cpu.load,
    done.p50 and ("  p50 %s p99 %s ms"):format(milliseconds(done.p50), milliseconds(done.p99)) or "",
    done.paced and ("  paced p50 %s p99 %s ms"):format(milliseconds(done.paced.p50), milliseconds(done.paced.p99))
      or "",
    (done.clients and ("  %d clients"):format(done.clients) or done.votes and ("  %d rows"):format(done.votes) or "")
      .. (done.note and "  " .. done.note or ""))
end

-- "a vote", "an answer"
function report.a(noun) return (noun:find "^[aeiou]" and "an " or "a ") .. noun end

report.grouped = grouped
report.milliseconds = milliseconds

-- The middle of fn(measurement) over the turns, the least and the most; nil where none has it.
local function middle(row, fn)
  local values = {}
  for _, done in ipairs(row.done or {}) do values[#values + 1] = fn(done) end
  table.sort(values)
  local half = (#values + 1) // 2
  if half == 0 then return end
  local median = #values % 2 == 1 and values[half] or (values[half] + values[half + 1]) / 2
  return median, values[1], values[#values]
end
report.middle = middle

local function cell(format, value)
  return value and (type(format) == "string" and format:format(value) or format(value)) or ""
end

local function rate(done) return done.rate end

local function row_of(row, first)
  if not row.done[1] then return { row.name, "not measured" } end
  local median, least, most = middle(row, rate)
  local function of(format, fn) return cell(format, (middle(row, fn))) end
  local function paced(done) return done.paced end
  local function cpu(who) return function(done) return done.cpu[who] end end
  local server = row.done[1].idle
  local function memory(when)
    local resident = middle(row, function(done) return done[when] and done[when].resident end)
    return resident and ("%.1f (%.1f)"):format(resident,
      (middle(row, function(done) return done[when].proportional end))) or ""
  end
  return { row.name .. (row.done[1].clients and (" (%d clients)"):format(row.done[1].clients) or ""),
    grouped(median), grouped(least) .. " to " .. grouped(most), first and ("%.2f"):format(first / median) or "",
    server and of("%.1f", cpu "server") or "", of("%.1f", cpu "postgres"), of("%.1f", cpu "load"),
    of("%.1f", function(done) return done.cpu.server + done.cpu.postgres + done.cpu.load end),
    of(milliseconds, function(done) return done.p50 end), of(milliseconds, function(done) return done.p99 end),
    of(milliseconds, function(done) return paced(done) and done.paced.p50 end),
    of(milliseconds, function(done) return paced(done) and done.paced.p99 end),
    memory "idle", memory "used" }
end

local function line(cells) return "| " .. table.concat(cells, " | ") .. " |" end

local HEAD = { "", "a second", "from, to", "ours is x", "CPU: server", "PostgreSQL", "load", "all", "p50 ms", "p99 ms",
  "at 1,000/s: p50", "p99", "MiB idle", "MiB after" }

-- What went wrong, in lines behind a table.
local function failures(rows)
  local lines = {}
  for _, row in ipairs(rows) do
    for _, why in ipairs(row.failed or {}) do
      lines[#lines + 1] = ("* %s, a turn that failed: %s"):format(row.name, first_line(why))
    end
    for _, done in ipairs(row.done or {}) do
      if done.note then lines[#lines + 1] = ("* %s: %s"):format(row.name, done.note) end
    end
  end
  return lines[1] and "\n\n" .. table.concat(lines, "\n") or ""
end

local function table_of(work)
  local lines = { "### " .. work.title, "", ("%d connections; CPU in microseconds %s."):format(
    work.connections, report.a(work.per)), "", line(HEAD),
    "|---|" .. ("--:|"):rep(#HEAD - 1) }
  local first = work[1].ours and middle(work[1], rate)
  for i, row in ipairs(work) do
    local cells = row_of(row, i > 1 and first)
    for at = #cells + 1, #HEAD do cells[at] = "" end
    lines[#lines + 1] = line(cells)
  end
  local against
  for _, row in ipairs(work) do
    if work.against and row.name:find(work.against, 1, true) then against = row end
  end
  if against and against.done[1] and work[1].ours and work[1].done[1] then
    local function cpu(row) return (middle(row, function(done) return done.cpu.server end)) end
    table.move({ "", ("CPU of the server an answer, %s against %s: %.1f against %.1f, **%.2f times**."):format(
      work[1].name, against.name, cpu(work[1]), cpu(against), cpu(work[1]) / cpu(against)) }, 1, 2, #lines + 1, lines)
  end
  return table.concat(lines, "\n") .. failures(work)
end

local function plain_table(title, head, rows)
  local lines = { "### " .. title, "", line(head), "|---|" .. ("--:|"):rep(#head - 1) }
  for _, cells in ipairs(rows) do lines[#lines + 1] = line(cells) end
  return table.concat(lines, "\n")
end

-- Rate, p50 and p99 of a row of turns, or why there are none, in three cells.
local function three(row)
  if not (row.done and row.done[1]) then return "not measured", "", "" end
  return grouped((middle(row, rate))), milliseconds((middle(row, function(done) return done.p50 end))),
    milliseconds((middle(row, function(done) return done.p99 end)))
end

local function connections_of(result)
  local head, rows = { "connections" }, {}
  for _, kind in ipairs(result.kinds) do
    table.move({ kind[1] .. " a second", "p50 ms", "p99 ms" }, 1, 3, #head + 1, head)
    for i, row in ipairs(kind.rows) do
      rows[i] = rows[i] or { grouped(row.at) }
      table.move({ three(row) }, 1, 3, #rows[i] + 1, rows[i])
    end
  end
  local all = {}
  for _, kind in ipairs(result.kinds) do table.move(kind.rows, 1, #kind.rows, #all + 1, all) end
  return plain_table("More connections", head, rows) .. failures(all)
end

local function rows_of(result)
  local rows = {}
  for i, row in ipairs(result.rows) do
    rows[i] = { grouped(row.at), three(row) }
    table.move({ cell("%.3f", row.top), cell("%d", row.pages) }, 1, 2, 5, rows[i])
  end
  return plain_table("More votes that are there already", { "votes there", "votes a second", "p50 ms", "p99 ms",
    "ranking's query ms", "its pages" }, rows) .. failures(result.rows)
end

local function start_of(result)
  return plain_table("Starting, and doing nothing", { "", "" }, result.rows)
end

local special = { connections = connections_of, rows = rows_of, start = start_of }

-- What machine it was (see startup.machine), and how often each was asked.
function report.facts(machine, options)
  return ("%s, %d cores for all, servers, PostgreSQL %s and those who ask; %.0f GiB of memory; Linux %s; 8 KiB are "
    .. "safely on the disk %s times a second (fdatasync, one after the other). %d turn%s of %d seconds for each, in "
    .. "turn."):format(machine.model, machine.cores, machine.postgres:match "^[%d.]+", machine.memory, machine.kernel,
    grouped(machine.synced), options.turns, options.turns == 1 and "" or "s", options.seconds)
end

-- All that was measured, as Markdown.
function report.tables(results)
  local parts = {}
  for i, work in ipairs(results) do parts[i] = (special[work.name] or table_of)(work) end
  return table.concat(parts, "\n\n")
end

return report
