-- What is on: every file of routes/, observers/, notifications/ and adapters/. What no edit may lose. What the first
-- start brings.

local all = require "plateia.all"
local catalogue = require "lib.catalogue"
local notifications = require "notifications"
local ranking = require "lib.ranking"
local vega = require "adapters.vega"

return {
  routes = all "routes",
  observers = all "observers",
  channels = notifications.channels,
  adapters = all "adapters",

  required = {
    ["POST /signup"] = "open",
    ["POST /token"] = "open",
    ["GET /me"] = "bearer",
    ["GET /me/votes"] = "bearer",
    ["GET /movies"] = "open",
    ["GET /movies/{id}"] = "open",
    ["GET /movies/top"] = "open",
    ["GET /movies/top/stream"] = "open",
    ["POST /vote/{movie_id}"] = "bearer",
  },

  -- Votes that a server counted and could not fold any more are shown from the first answer on.
  seed = function(progress)
    ranking.follow()
    return catalogue.seed(vega, progress)
  end,
  import = catalogue.import,
}
