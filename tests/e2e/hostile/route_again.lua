-- A route declared by a handler: nobody ever asks for it.
-- 200: fine
local route, field = require "plateia.route", require "plateia.field"
return require "lib.attack"(..., function()
  route.get "/movies/1" { answers = { [200] = field.object {} }, handler = function() while true do end end }
end)
