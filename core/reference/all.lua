---@meta plateia.all

--- What the files right in a folder of scripts return, in the order of their names: not those of folders below it, not
--- `init.lua`, not `*_spec.lua`. So dropping in a file adds a route, an observer or an adapter. Raises where one returns
--- no table.
---
--- ```lua
--- local all = require "plateia.all"
--- return { routes = all "routes", observers = all "observers" }
--- ```
---@param dir string "routes"
---@return table[] declarations
local function all(dir) end

return all
