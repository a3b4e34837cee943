-- Votes that were cast come into the standings, four times a second at most, however many they are.

local ranking = require "lib.ranking"

return {
  on = "vote.cast",
  every = 0.25,
  run = function() assert(ranking.follow()) end,
}
