-- The request as handlers and depends see it.
--
-- Plain fields: path, query, body, form (what the route declared, read and checked) and each depend under its
-- key. The rest is asked of the core when it is wanted; most handlers never ask.

local request = {}
local methods, Request = {}, { __metatable = false }

-- A header of the request, or nil.
function methods.header(req, name)
  return req._handle:header(name)
end

-- The token of `Authorization: Bearer TOKEN`, which may be empty; nil where there is no such header.
function methods.bearer(req)
  return req._handle:bearer()
end

-- A header of the answer, whatever the answer will be.
function methods.set_header(req, name, value)
  req._handle:set_header(name, value)
end

-- For whoever is called on this request's behalf: the values of the headers traceparent and tracestate (or nil).
-- Without a trace of the client's one begins here, and the request's lines of the log from here on name it.
function methods.traceparent(req)
  return req._handle:traceparent()
end

-- The client's address.
function methods.peer(req)
  return req._handle:peer()
end

function Request.__index(req, key)
  if key == "id" then return req._handle:id() end
  return methods[key]
end

-- The nils make room for what the pipeline will set.
function request.new(handle)
  return setmetatable({ _handle = handle, path = nil, query = nil, body = nil, form = nil }, Request)
end

return request
