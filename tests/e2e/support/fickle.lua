-- fickle: a notification channel that does what a table says, dropped into a copy of the scripts.
--
-- Its table fickle(mode) holds one row: 'works', 'fails' (raises), 'refuses' (for good), 'slow' or 'hangs' (until the
-- database's statement timeout). What it delivers is a line of the server's log, "fickle delivered" with the key.

local process = require "support.process"

local fickle = {}

local CHANNEL = [[
local db, log = require "plateia.db", require "plateia.log"
local mode_now = db.one "fickle_mode"

return {
  name = "fickle",
  check = function() return true end,
  send = function(message)
    local row, why = mode_now()
    if not row then return nil, why, "retry" end
    if row.mode == "fails" then error("the channel is down", 0) end
    if row.mode == "refuses" then return nil, "no such bird", "dead" end
    log.info("fickle delivered", { key = message.key, to = message.to })
    log.flush()
    return true
  end,
}
]]

local QUERY = [[
-- class: lease
SELECT mode, pg_sleep(CASE mode WHEN 'hangs' THEN 60 WHEN 'slow' THEN 0.03 ELSE 0 END)::text AS slept
FROM fickle
]]

function fickle.set(db, mode)
  db:run(("CREATE TABLE IF NOT EXISTS fickle (mode text); DELETE FROM fickle; INSERT INTO fickle VALUES ('%s')")
    :format(mode))
end

-- A folder with the tree's scripts and queries and the channel among them; the settings that name it. The table is
-- made, as a server asks whether its queries would work.
function fickle.scripts(db)
  fickle.set(db, "works")
  local folder = process.temporary_folder "fickle"
  local code, text = process.run("cp", { args = { "-r", "scripts", "sql", folder } })
  assert(code == 0, text)
  process.write_file(folder .. "/scripts/notifications/fickle.lua", CHANNEL)
  process.write_file(folder .. "/sql/queries/fickle_mode.sql", QUERY)
  return { PLATEIA_SCRIPTS = folder .. "/scripts", PLATEIA_SQL = folder .. "/sql" }
end

-- How often each key was delivered, by the lines of a server's log with this message; and how many keys.
function fickle.delivered(output, message)
  local times, keys = {}, 0
  for line in output:gmatch "[^\n]+" do
    if line:find('"message":"' .. message .. '"', 1, true) then
      local key = assert(line:match '"key":"([^"]+)"', line)
      if not times[key] then keys = keys + 1 end
      times[key] = (times[key] or 0) + 1
    end
  end
  return times, keys
end

return fickle
