-- Fills the catalogue from adapters, page by page, under the catalogue's lock.
--
-- An import commits each page: one that was interrupted is safe to repeat, as what came in before is found
-- unchanged. The seed is one transaction, since a catalogue that holds a part of it would count as filled.

local db = require "plateia.db"
local json = require "plateia.json"
local log = require "plateia.log"

local TOLD = 1000 -- refused records that a report lists
local TRIES = 5   -- for a page that finds no free connection: each waits its time

local catalogue = {}

local lock = db.query "lock_catalogue"
local size = db.one "catalogue_size"
local store = db.one "import_movies"

local columns = { "key", "title", "year", "genre", "director", "minutes" }
local outcomes = { "added", "met", "changed", "unchanged" }

-- ---- one page ----

local function new_job(adapter, progress, tx)
  return { tx = tx, adapter = adapter, progress = progress, seen = {}, refused = {},
    read = 0, kept = 0, added = 0, met = 0, changed = 0, unchanged = 0 }
end

local function refuse(job, reason, key)
  table.insert(job.refused, { place = job.read, reason = reason, key = key })
end

local function add(job, batch, film)
  local first = job.seen[film.key]
  if first then return refuse(job, ("has the key of record %d"):format(first), film.key) end
  job.seen[film.key] = job.read
  batch.count = batch.count + 1
  for _, name in ipairs(columns) do
    local value = film[name]
    batch[name][batch.count] = value == nil and json.null or value
  end
end

local function batch_of(job, records)
  local batch = { count = 0 }
  for _, name in ipairs(columns) do batch[name] = {} end
  for _, record in ipairs(records) do
    job.read = job.read + 1
    local film, reason, key = job.adapter.translate(record)
    if film then add(job, batch, film) else refuse(job, reason, key) end
  end
  return batch
end

local function locked()
  local tx, why, code = db.transaction()
  if not tx then return nil, why, code end
  local done
  done, why, code = tx:query(lock)
  if done then return tx end
  tx:close()
  return nil, why, code
end

local function send(job, tx, batch)
  return tx:one(store, job.adapter.name, batch.key, batch.title, batch.year, batch.genre, batch.director,
    batch.minutes)
end

-- In a transaction of its own.
local function send_alone(job, batch)
  local tx <close>, why, code = locked()
  if not tx then return nil, why, code end
  local counts, done
  counts, why, code = send(job, tx, batch)
  if not counts then return nil, why, code end
  done, why, code = tx:commit()
  if not done then return nil, why, code end
  return counts
end

local function send_page(job, batch)
  if job.tx then return send(job, job.tx, batch) end
  local counts, why, code
  for _ = 1, TRIES do
    counts, why, code = send_alone(job, batch)
    if code ~= "busy" then break end
  end
  return counts, why, code
end

-- Also a page without a single film is sent: waiting for the database is what lets others be served meanwhile.
local function take(job, records)
  local counts, why, code = send_page(job, batch_of(job, records))
  if not counts then return nil, why, code end
  for _, name in ipairs(outcomes) do job[name] = job[name] + counts[name] end
  job.kept = job.read
  return true
end

local function run(job, text)
  local next_page, why, code = job.adapter.pages(text)
  if not next_page then return nil, why, code end
  local records, done, total = next_page()
  while records do
    local taken
    taken, why, code = take(job, records)
    if not taken then return nil, why, code end
    if job.progress then job.progress(done, total, ("%d records"):format(job.read)) end
    records, done, total = next_page()
  end
  if done then return nil, done, total end -- no page, but why there is none
  return true
end

-- ---- what is told of it ----

local function counted(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

local function summary(job)
  return ("%s: %s added, %d met from other catalogues, %d changed, %d unchanged, %s refused"):format(job.adapter.name,
    counted(job.added, "film"), job.met, job.changed, job.unchanged, counted(#job.refused, "record"))
end

-- A key is a stranger's text, on its way to a terminal.
local function shown(key)
  return key and (" (%s)"):format(key:gsub("\xC2[\x80-\x9F]", "?"):gsub("%c", "?")) or ""
end

-- The summary, then each refused record in a line of its own: its place in the source, its key, why.
local function report(job)
  local lines = { summary(job) }
  for i = 1, math.min(#job.refused, TOLD) do
    local refused = job.refused[i]
    lines[#lines + 1] = ("  record %d%s %s"):format(refused.place, shown(refused.key), refused.reason)
  end
  if #job.refused > TOLD then lines[#lines + 1] = ("  and %d more"):format(#job.refused - TOLD) end
  return table.concat(lines, "\n")
end

-- ---- the two ways in ----

local function finished(job)
  log.info("catalogue imported", { adapter = job.adapter.name, result = summary(job) })
  return report(job)
end

-- What an adapter brings, or what a file's text holds, into the catalogue; gives the report.
function catalogue.import(adapter, text, progress)
  local job = new_job(adapter, progress)
  local done, why, code = run(job, text)
  if done then return finished(job) end
  if job.kept == 0 then return nil, why, code end
  return nil, ("%s (%d records came in before that; the import can be repeated)"):format(why, job.kept), code
end

-- The same at once, where the catalogue is empty still. Of several servers that start at once the first one does it.
function catalogue.seed(adapter, progress)
  local tx <close>, why, code = locked()
  if not tx then return nil, why, code end
  local held, done
  held, why, code = tx:one(size)
  if not held then return nil, why, code end
  if held.films > 0 then return "the catalogue holds " .. counted(held.films, "film") end
  local job = new_job(adapter, progress, tx)
  done, why, code = run(job)
  if not done then return nil, why, code end
  done, why, code = tx:commit()
  if not done then return nil, why, code end
  return finished(job)
end

return catalogue
