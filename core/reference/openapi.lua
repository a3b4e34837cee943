---@meta plateia.openapi

--- The description of the API, made of the routes. What they do not say themselves stands in app.lua, under `api`.
---@class plateia.openapi
local openapi = {}

--- What this generation serves, as OpenAPI 3.1.
---@return table document for JSON
function openapi.document() end

return openapi
