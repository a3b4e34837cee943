-- An iterator that always has one more.
-- 503: used more than its time
return require "lib.attack"(..., function()
  for _ in function() return 1 end do pcall(error) end
end)
