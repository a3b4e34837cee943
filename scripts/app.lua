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
    ["GET /openapi.json"] = "open",
  },

  -- Votes that a server counted and could not fold any more are shown from the first answer on.
  seed = function(progress)
    ranking.follow()
    return catalogue.seed(vega, progress)
  end,
  import = catalogue.import,

  -- Whom a spec gets that asks for somebody: test.user { notify_by = "log" } (plateia test).
  specs = { user = require("lib.users").for_spec },

  -- What the description of the API says beside its routes (routes/openapi.lua).
  api = {
    title = "Plateia",
    version = "1.0.0",
    license = { name = "MIT", identifier = "MIT" },
    description = "Films, one vote a month, and a ranking that is never old.\n\n"
      .. "Sign up, sign in (the Authorize button, where this is read at /docs), vote. Times are RFC 3339 in UTC. "
      .. "Failures are `{\"detail\": ...}`, or RFC 9457 for `Accept: application/problem+json`; each answer has an "
      .. "`X-Request-Id`.",
    tags = {
      { name = "films", description = "The catalogue and its ranking" },
      { name = "voting", description = "One vote a month" },
      { name = "people", description = "Signing up, signing in, and who one is" },
    },
    securities = {
      bearer = { type = "oauth2", description = "Sign in with name and password; the token lasts an hour.",
        flows = { password = { tokenUrl = "/token", scopes = {} } } },
    },
  },
}
