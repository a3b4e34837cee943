-- What all requests have in common, replaced.
-- 500: attempt to index a boolean value
return require "lib.attack"(..., function(req)
  getmetatable(req).__index = function() return "poisoned" end
end)
