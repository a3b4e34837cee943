-- Where something was raised: as debug.traceback says it, but of a very deep stack only the top. To find the bottom of
-- one that is as deep as can be takes longer than a handler may, in one call that nobody can stop.

local DEEP, SHOWN = 200, 10

local getinfo = debug.getinfo

-- For a message handler: of whoever called that.
return function(message)
  if not getinfo(DEEP, "l") then return debug.traceback(message, 3) end
  local lines = { message, "stack traceback:" }
  for level = 3, 2 + SHOWN do
    local at = getinfo(level, "Sl")
    lines[#lines + 1] = ("\t%s:%d:"):format(at.short_src, at.currentline)
  end
  lines[#lines + 1] = "\t...\t(and so on, very deep)"
  return table.concat(lines, "\n")
end
