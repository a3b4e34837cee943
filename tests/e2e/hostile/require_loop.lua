-- A module that loops while it loads, asked for by a request.
-- 503: used more than its time
-- 503: used more than its time
return require "lib.attack"(..., function()
  return require "lib.endless"
end)
