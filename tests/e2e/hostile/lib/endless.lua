-- Never loads.

while true do pcall(error) end
