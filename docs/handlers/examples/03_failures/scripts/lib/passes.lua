-- Festival passes, and who may use one: the rule knows nothing of HTTP.

local passes = {}

local sold = {
  ana = { holder = "ana", screenings = 3 },
  bruno = { holder = "bruno", screenings = 0 },
}

-- The pass; or nil, message, code and what else is to be known.
function passes.use(holder)
  local pass = sold[holder]
  if not pass then return nil, "nobody of this name has a pass", "not_found" end
  if pass.screenings == 0 then return nil, "this pass is used up", "conflict", { renew_at = "/passes" } end
  return { holder = holder, screenings = pass.screenings - 1 }
end

return passes
