-- What those who watch the ranking see: the whole race, anew whenever it is not what was shown last. Looked at when
-- somebody says that it has changed, when this process may have missed that, and by the clock: so a word that was
-- lost, a new title and a new month are on the screens within five seconds.

local ranking = require "lib.ranking"
local stream = require "plateia.stream"

local shown
local begun, latest = 0, 0 -- two may be looking at once: what the one that began later has shown, stands

local function print_of(race)
  local parts = { race.period, race.total }
  for _, film in ipairs(race.items) do
    parts[#parts + 1] = ("%d %d %s %s"):format(film.id, film.votes, film.year, film.title)
  end
  return table.concat(parts, "\n")
end

local function show()
  begun = begun + 1
  local mine = begun
  local race = assert(ranking.race(20))
  local print = print_of(race)
  if mine < latest or print == shown then return end
  latest = mine
  assert(stream.publish("ranking", race, ranking.Race))
  shown = print
end

return {
  { on = "ranking.changed", run = show },
  { on = "listen.connected", run = show },
  { every = 4, run = show },
}
