-- Fills the catalogue from adapters: all of a source in one transaction, under the catalogue's lock.

local db = require "plateia.db"
local json = require "plateia.json"
local log = require "plateia.log"

local PAGE = 500 -- films a statement
local TOLD = 10  -- refused records that a report names

local catalogue = {}

local lock = db.query "lock_catalogue"
local size = db.one "catalogue_size"
local store = db.one "import_movies"

local columns = { "key", "title", "year", "genre", "director", "minutes" }

-- ---- one import ----

local function new_batch()
  local batch = { count = 0 }
  for _, name in ipairs(columns) do batch[name] = {} end
  return batch
end

local function new_job(tx, adapter, progress)
  return { tx = tx, adapter = adapter, progress = progress, batch = new_batch(), seen = {}, refused = {},
    read = 0, added = 0, changed = 0, unchanged = 0 }
end

local function refuse(job, reason)
  table.insert(job.refused, ("record %d %s"):format(job.read, reason))
end

local function add(job, film)
  local batch, first = job.batch, job.seen[film.key]
  if first then return refuse(job, ("has the key of record %d"):format(first)) end
  job.seen[film.key] = job.read
  batch.count = batch.count + 1
  for _, name in ipairs(columns) do
    local value = film[name]
    batch[name][batch.count] = value == nil and json.null or value
  end
end

-- Sends the films gathered so far.
local function flush(job)
  local batch = job.batch
  if batch.count == 0 then return true end
  local counts, why, code = job.tx:one(store, job.adapter.name, batch.key, batch.title, batch.year, batch.genre,
    batch.director, batch.minutes)
  if not counts then return nil, why, code end
  for _, name in ipairs { "added", "changed", "unchanged" } do job[name] = job[name] + counts[name] end
  job.batch = new_batch()
  return true
end

local function take(job, records)
  local before = job.read
  for i, record in ipairs(records) do
    job.read = before + i
    local film, reason = job.adapter.translate(record)
    if film then add(job, film) else refuse(job, reason) end
    if job.batch.count == PAGE then
      local done, why, code = flush(job)
      if not done then return nil, why, code end
      if job.progress then job.progress(job.read, before + #records, "records") end
    end
  end
  return true
end

-- A file's text is one page; otherwise the adapter is asked for page after page until there is none.
local function page_of(adapter, text, number)
  if text then
    if number > 1 then return nil end
    return adapter.read(text)
  end
  if adapter.fetch then return adapter.fetch(number) end
  return nil, ("the adapter \"%s\" fetches nothing by itself: give it a file"):format(adapter.name), "invalid"
end

local function run(job, text)
  local number = 1
  local records, why, code = page_of(job.adapter, text, number)
  while records do
    local done
    done, why, code = take(job, records)
    if not done then return nil, why, code end
    number = number + 1
    records, why, code = page_of(job.adapter, text, number)
  end
  if why then return nil, why, code end
  return flush(job)
end

-- ---- what is told of it ----

local function counted(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

local function told(refused)
  local count = #refused
  if count == 0 then return "" end
  local list = table.concat(refused, "; ", 1, math.min(count, TOLD))
  local rest = count > TOLD and ("; and %d more"):format(count - TOLD) or ""
  return (", %s refused: %s%s"):format(counted(count, "record"), list, rest)
end

local function report(job)
  return ("%s added, %d changed, %d unchanged%s"):format(counted(job.added, "film"), job.changed, job.unchanged,
    told(job.refused))
end

-- ---- the two ways in ----

local function import_within(tx, adapter, text, progress)
  local job = new_job(tx, adapter, progress)
  local done, why, code = run(job, text)
  if not done then return nil, why, code end
  done, why, code = tx:commit()
  if not done then return nil, why, code end
  local result = report(job)
  log.info("catalogue imported", { adapter = adapter.name, result = result })
  return result
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

-- What an adapter finds, or what a file's text holds, into the catalogue; a sentence that reports it.
function catalogue.import(adapter, text, progress)
  local tx <close>, why, code = locked()
  if not tx then return nil, why, code end
  return import_within(tx, adapter, text, progress)
end

-- The same, where the catalogue is empty still. Of several servers that start at once the first one does it.
function catalogue.seed(adapter, progress)
  local tx <close>, why, code = locked()
  if not tx then return nil, why, code end
  local held
  held, why, code = tx:one(size)
  if not held then return nil, why, code end
  if held.films > 0 then return "the catalogue holds " .. counted(held.films, "film") end
  return import_within(tx, adapter, nil, progress)
end

return catalogue
