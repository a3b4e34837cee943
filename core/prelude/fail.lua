-- plateia.fail: how a handler or a depend ends a request with a failure.
--
--   return fail.conflict("you have voted this month", { next_vote_at = time })
--
-- raises; nothing after it runs. The names are the codes that lib/ functions return as their third result, so
-- that `return fail[code](why)` hands any expected failure on.

local failure = require "plateia.failure"
local field = require "plateia.field"

-- busy, unknown and timeout are 503: the answer carries Retry-After. `error` tells its reason to the log only.
local statuses = {
  bad_request = 400, unauthorized = 401, forbidden = 403, not_found = 404, conflict = 409, too_large = 413,
  unsupported = 415, invalid = 422, too_many = 429, error = 500, busy = 503, timeout = 503, unknown = 503,
}

-- What is said where the caller has no better words.
local defaults = {
  busy = "the server has no capacity for this right now; try again in a moment",
  timeout = "this took longer than it may; try again in a moment",
  unknown = "the connection was lost before the answer came: this may have been done or not; look before you try again",
}

local fail = {
  -- The form of a failed request's answer, for `answers`. `generation`, the number of the scripts that answered, is
  -- the core's to write, and from 500 on `request_id`.
  Problem = field.object({ detail = field.string {}, request_id = field.string { optional = true },
    generation = field.integer { min = 1, optional = true } }, { name = "Problem" }),
}
fail.Problem.problem = true

-- The same where a route knows what is said: answers = { [404] = fail.problem("there is no such thing") }. `more`: the
-- fields of further members that are told with it. Only the API's description tells them apart.
function fail.problem(words, more)
  local fields = { detail = field.string { example = words }, generation = field.integer { min = 1, optional = true } }
  for name, part in pairs(more or {}) do fields[name] = part end
  local form = field.object(fields)
  form.problem, form.words, form.more = true, words, more
  return form
end

-- why: a sentence for the client; more: further members of the answer.
for code, status in pairs(statuses) do
  fail[code] = function(why, more)
    failure.raise { code = code, status = status, detail = why or defaults[code], more = more }
  end
end

return setmetatable(fail, {
  __index = function(_, code)
    error(("there is no fail.%s"):format(tostring(code)), 2)
  end,
})
