-- json_values: the JSON values that stand one behind the other in a text, as a list.

local json = require "dkjson"

return function(text)
  local found, at = {}, 1
  while text:find("%S", at) do
    local value, after, why = json.decode(text, at, json.null)
    assert(not why, why)
    found[#found + 1], at = value, after
  end
  return found
end
