-- An answer other than the good one, raised: the value that travels from a handler or a depend up to the
-- pipeline, which words it. Anything else that is raised is a bug.

local mark = require "plateia.mark"

local failure = {}

-- given: { status, code, detail, errors, more } as the request handle's `problem` takes them.
function failure.raise(given)
  error(mark.set("failure", given), 0)
end

function failure.is(value)
  return mark.is("failure", value)
end

return failure
