-- The programme that the festival's office keeps.

local adapter = require "adapters"

return adapter {
  name = "festival",
  file = "adapters/festival/programme.json",
  path = { "programme" },

  fields = {
    key = "no",
    title = { "film", "title" },
    year = { "film", "year" },
    director = { "film", "by" },
    minutes = "length",
  },

  functions = {
    -- "1h 52" -> 112
    minutes = function(length)
      local hours, minutes = tostring(length):match "^(%d+)h (%d+)$"
      if not hours then return nil end
      return hours * 100 + minutes
    end,
  },

  sample = {
    record = { no = "F1", film = { title = "Dusk", year = 2026, by = "R. Alves" }, length = "1h 52" },
    film = { key = "F1", title = "Dusk", year = 2026, director = "R. Alves", minutes = 112 },
  },
}
