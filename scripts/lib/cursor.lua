-- Where the next page of a list begins, as text that clients hand back unread: the last id, behind two digits
-- that tell a mistyped or made-up cursor.

local cursor = {}

local function check_digits(id)
  return (id * 40503 >> 4) & 0xff
end

function cursor.write(id)
  return ("%02x%x"):format(check_digits(id), id)
end

function cursor.read(text)
  local hex = text:match("^%x%x(%x+)$")
  local id = hex and #hex <= 13 and tonumber(hex, 16)
  if id and id > 0 and cursor.write(id) == text then return id end
  return nil, "this cursor is not one that this list gave out"
end

return cursor
