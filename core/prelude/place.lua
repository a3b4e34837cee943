-- Where in the scripts the code stands that called us ("scripts/routes/account.lua:12"), for messages.
--
-- The prelude's own chunks are named with '=', files of the script folder with '@'. A function that was
-- reached by a tail call has lost its caller: better no place than a wrong one.

return function()
  for level = 1, 40 do
    local info = debug.getinfo(level, "Slt")
    if not info then return nil end
    if info.source:sub(1, 1) == "@" then return info.source:sub(2) .. ":" .. info.currentline end
    if info.istailcall then return nil end
  end
end
