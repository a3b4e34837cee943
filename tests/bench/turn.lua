-- turn: measures somebody once more and keeps what came of it: in row.done, or in row.failed, why not.
--
-- Who fails is told beside the figures of the other turns. Who never got through is not asked again.

local report = require "report"

local turn = { ours_failed = false }

local function once(row, say, fn)
  row.done, row.failed = row.done or {}, row.failed or {}
  if row.failed[1] and not row.done[1] then return end
  local ok, done = pcall(fn)
  if not ok then
    table.insert(row.failed, tostring(done))
    turn.ours_failed = turn.ours_failed or row.ours
  else
    table.insert(row.done, done)
  end
  say("    %s", report.line(row.name, ok and done, not ok and tostring(done)))
end

return setmetatable(turn, { __call = function(_, ...) return once(...) end })
