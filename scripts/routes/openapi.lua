local route, field = require "plateia.route", require "plateia.field"
local openapi = require "plateia.openapi"

-- Kept until the scripts change: what is kept is found by its generation.
return route.get "/openapi.json" {
  summary = "This API, described (OpenAPI 3.1)",
  hidden = true,
  cached = { ttl = 86400 },
  answers = { [200] = field.any {} },
  handler = openapi.document,
}
