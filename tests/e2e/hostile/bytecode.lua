-- Bytecode, which nothing would check.
-- 200: nothing loads it
return require "lib.attack"(..., function()
  local found = {}
  for _, name in ipairs { "load", "loadstring", "loadfile", "dofile", "rawset", "rawget", "debug", "coroutine", "io",
    "package", "collectgarbage", "xpcall", "plateia" } do
    if pcall(function() return _ENV[name] end) then found[#found + 1] = name end
  end
  if string.dump then found[#found + 1] = "string.dump" end
  if os.execute or os.exit or os.getenv or os.setlocale then found[#found + 1] = "os" end
  return found[1] or "nothing loads it"
end)
