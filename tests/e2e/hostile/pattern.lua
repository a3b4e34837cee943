-- A pattern that tries everything.
-- 500: pattern is too costly
return require "lib.attack"(..., function()
  return (("a"):rep(300):find(("a-"):rep(30) .. "b"))
end)
