-- plateia.openapi: openapi.document() is the description of what this generation serves, as a table for JSON (OpenAPI
-- 3.1). Its title and what else routes do not say stand in app.lua, under `api` (see api.lua).

return { document = require("plateia.api").document }
