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
  local digits, hex = text:match("^(%x%x)(%x+)$")
  local id = hex and #hex <= 13 and tonumber(hex, 16)
  if not id or tonumber(digits, 16) ~= check_digits(id) then
    return nil, "this cursor is not one that this list gave out"
  end
  return id
end

return cursor
