---@meta plateia.depend

--- Declares something that a route needs before its handler runs, made once a request however many ask for it.
---
--- ```lua
--- return depend {
---   name = "signed_in", security = "bearer",
---   resolve = function(req)
---     local claims, why = jwt.verify(req:bearer() or "")
---     if not claims then return fail.unauthorized(why) end
---     return { id = claims.sub }
---   end,
--- }
--- ```
---@param declaration plateia.Depend
---@return plateia.Depend depend
local function depend(declaration) end

--- One that names a `security` is resolved before the request is read: a stranger learns nothing of it.
---@class plateia.Depend
---@field name string
---@field security? string under which name the API's description and `required` of app.lua know it
---@field depends? table<string, plateia.Depend> what it needs itself
---@field resolve async fun(req: plateia.Request, got: table): any it may wait, and end the request by `fail`; `got` has the results of `depends` under their keys

return depend
