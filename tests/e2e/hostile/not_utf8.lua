-- An answer that is no text.
-- 500: text in JSON is UTF-8
return require "lib.attack"(..., function()
  return "\xff\xfe"
end)
