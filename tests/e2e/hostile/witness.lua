-- No attack: do the libraries do what they always did?
-- 200: xxx 1 {"a":[1]} gone
local json, fail = require "plateia.json", require "plateia.fail"
return require "lib.attack"(..., function(req)
  assert(#req.id > 0 and string.rep == ("").rep and not pcall(fail.not_found))
  assert(not pcall(function() return leak end)) -- luacheck: ignore leak
  local list = {}
  table.insert(list, 1)
  return ("%s %d %s %s"):format(("x"):rep(3), #list, json.encode { a = json.array(list) },
    ("here"):gsub("here", "gone"))
end)
