-- A header with a second one in its value.
-- 500: one line without control characters
return require "lib.attack"(..., function(req)
  req:set_header("X-One", "1\r\nX-Two: 2")
end)
