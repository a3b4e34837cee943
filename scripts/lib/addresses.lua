-- Addresses of clients, as far as the rules care.

local addresses = {}

local function groups(text)
  local list = {}
  for group in text:gmatch "[^:]+" do list[#list + 1] = group end
  return list
end

-- What one customer usually has: the address in IPv4, the first 64 bits in IPv6, where whoever has one address
-- has 18 quintillions of them.
function addresses.household(address)
  if not address:find(":", 1, true) then return address end
  local front, back = address:match "^(.-)::(.*)$"
  local list, tail = groups(front or address), groups(back or "")
  if front then
    for _ = 1, 8 - #list - #tail do list[#list + 1] = "0" end
    table.move(tail, 1, #tail, #list + 1, list)
  end
  return table.concat(list, ":", 1, math.min(4, #list))
end

return addresses
