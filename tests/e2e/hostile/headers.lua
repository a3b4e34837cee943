-- Headers without end.
-- 500: headers of an answer
return require "lib.attack"(..., function(req)
  local long = ("x"):rep(1000)
  for i = 1, 1000000 do req:set_header("X-" .. i, long) end
end)
