-- Routes that are streams: the connection leaves the pipeline and shows what plateia.stream publishes, until one side
-- ends it.

local failure = require "plateia.failure"

local streamed = {}

local fitting = { ["text/event-stream"] = true, ["text/*"] = true, ["*/*"] = true }

-- Whether the client takes events at all (RFC 9110, 12.5.1). One that does not say takes anything.
function streamed.accepts(header)
  if not header then return true end
  for range in header:gmatch "[^,]+" do
    local kind, weight = range:match "^%s*([^;%s]*)", range:match ";%s*[qQ]=([%d.]+)"
    if fitting[kind:lower()] and (tonumber(weight) or 1) > 0 then return true end
  end
  return false
end

function streamed.serve(route, handle)
  if not streamed.accepts(handle:header "Accept") then
    failure.raise { code = "not_acceptable", status = 406,
      detail = "this is a stream of events: accept text/event-stream" }
  end
  handle:stream(route.stream)
end

return streamed
