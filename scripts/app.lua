-- What is on: every file of routes/, notifications/ and adapters/. What no edit may lose. What the first start brings.

local all = require "plateia.all"
local catalogue = require "lib.catalogue"
local notifications = require "notifications"
local vega = require "adapters.vega"

return {
  routes = all "routes",
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
    ["POST /vote/{movie_id}"] = "bearer",
  },

  seed = function(progress) return catalogue.seed(vega, progress) end,
  import = catalogue.import,
}
