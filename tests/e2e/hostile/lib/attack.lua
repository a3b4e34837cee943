-- A route of its own for what a file tries: GET /hostile/NAME. What the handler returns is the answer, or its text.

local route, field = require "plateia.route", require "plateia.field"

return function(module, handler)
  return route.get("/hostile/" .. module:match "hostile_(.*)$") {
    summary = "An attack",
    answers = { [200] = field.object { said = field.string {},
      list = field.list { of = field.string {}, optional = true } } },
    handler = function(req)
      local value, status, headers = handler(req)
      if type(value) ~= "table" then value = { said = value or "fine" } end
      return value, status, headers
    end,
  }
end
