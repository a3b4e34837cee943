-- An answer of eight megabytes.
-- 500: of answer_limit
return require "lib.attack"(..., function()
  return ("x"):rep(1000):rep(8000)
end)
