-- Text with a form of its own. Each check says true, or false and what was expected. Formats that are `false`
-- are only told in the API's description.

local format = { ["date-time"] = false, password = false }

-- What nearly every address looks like. Whether mail arrives there, only mail can tell.
function format.email(text)
  local name, domain = text:match("^([^%s%c@\"<>(),;:\\]+)@([%w.-]+)$")
  local fine = name and #text <= 254 and #name <= 64
    and not text:find("..", 1, true) and not name:find("^%.") and not name:find("%.$")
    and domain:find("^%w[%w.-]*%.%w[%w-]*%w$") and not domain:find("-.", 1, true)
    and not domain:find(".-", 1, true)
  return fine and true or false, "an email address such as ana@example.org"
end

-- E.164, the form that every provider understands.
function format.phone(text)
  return text:find("^%+[1-9]%d+$") ~= nil and #text >= 9 and #text <= 16,
    "a telephone number such as +5511987654321"
end

return format
