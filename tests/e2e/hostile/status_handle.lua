-- The same, past what is declared.
-- 500: a status is 200 to 599
return require "lib.attack"(..., function(req)
  req._handle:answer(99, "x")
end)
