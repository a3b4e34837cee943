-- As before, but that somebody took `holder` for a table.

local passes = {}

function passes.use(holder)
  return { holder = holder.name.first, screenings = 1 }
end

return passes
