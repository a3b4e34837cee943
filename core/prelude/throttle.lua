-- plateia.throttle: how often something may be tried in a while.
--
--   local attempt = throttle(req, { { key = "sign in " .. address, limit = 30, window = 60 }, ... })
--   ... attempt:give_back()   -- it did not count after all
--
-- Every rule must allow the try, else the request ends with 429. What is left by the tightest rule stands in
-- RateLimit-Limit, -Remaining and -Reset; a limit of 0 is no limit.

local fail = require "plateia.fail"
local take, give_back = require("plateia.raw").throttle.take, require("plateia.raw").throttle.give_back

local Attempt = {}
Attempt.__index = Attempt
Attempt.__metatable = false

function Attempt:give_back()
  for i = #self, 1, -1 do
    give_back(self[i])
    self[i] = nil
  end
end

local function say(req, rule, remaining, seconds)
  req:set_header("RateLimit-Limit", tostring(rule.limit))
  req:set_header("RateLimit-Remaining", tostring(remaining))
  req:set_header("RateLimit-Reset", tostring(seconds))
end

local function refuse(req, rule, seconds)
  say(req, rule, 0, seconds)
  req:set_header("Retry-After", tostring(seconds))
  return fail.too_many(("too many attempts; try again in %d s"):format(seconds))
end

return function(req, rules)
  local attempt, tightest, least, reset = setmetatable({}, Attempt), nil, math.huge, 0
  for _, rule in ipairs(rules) do
    if rule.limit > 0 then
      local allowed, remaining, left = take(rule.key, rule.limit, rule.window)
      local seconds = math.max(1, math.ceil(left))
      if not allowed then
        attempt:give_back()
        return refuse(req, rule, seconds)
      end
      attempt[#attempt + 1] = rule.key
      if remaining < least then tightest, least, reset = rule, remaining, seconds end
    end
  end
  if tightest then say(req, tightest, least, reset) end
  return attempt
end
