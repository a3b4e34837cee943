-- Who is asking: the user that the request's bearer token names. The signature is proof enough; the database
-- is not asked.

local depend = require "plateia.depend"
local fail = require "plateia.fail"
local jwt = require "plateia.jwt"

-- RFC 6750, 3: the challenge says what was wrong only where a token was given.
local function refuse(req, why)
  req:set_header("WWW-Authenticate", ("Bearer error=\"invalid_token\", error_description=\"%s\"")
    :format(why:gsub("[\"\\]", "'")))
  return fail.unauthorized(why)
end

local function resolve(req)
  local token = req:bearer()
  if not token then return fail.unauthorized("Not authenticated") end
  local claims, why = jwt.verify(token)
  if not claims then return refuse(req, why) end
  return { id = claims.sub }
end

return depend { name = "signed_in", security = "bearer", resolve = resolve }
