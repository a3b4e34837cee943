local route, field, fail = require "plateia.route", require "plateia.field", require "plateia.fail"
local throttled = require "depends.throttled"
local users = require "lib.users"

local Token = field.object({
  access_token = field.string { summary = "for Authorization: Bearer",
    example = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.e30.c2ln" },
  token_type = field.string { example = "bearer" },
  expires_in = field.integer { summary = "seconds", example = 3600 },
}, { name = "Token" })

local WRONG = "Incorrect username or password"

-- FastAPI's clients expect 401 and `detail`, those of RFC 6749 (5.2) `error`: they get both.
local function refuse(why)
  return fail.unauthorized(why, { error = "invalid_grant", error_description = why })
end

return route.post "/token" {
  name = "sign_in", tags = { "people" },
  summary = "Sign in: an OAuth2 token for name and password",
  form = {
    username = field.string { max_length = 64, example = "Ana" },
    password = field.string { max_length = 1024, format = "password", secret = true,
      example = "correct horse battery" },
    grant_type = field.choice { "password", optional = true },
    scope = field.string { max_length = 1024, optional = true },
    client_id = field.string { max_length = 256, optional = true },
    client_secret = field.string { max_length = 256, optional = true, secret = true },
  },
  depends = { attempt = throttled.sign_in },
  headers = throttled.headers,
  answers = {
    [200] = Token,
    [401] = fail.problem(WRONG, {
      error = field.string { summary = "RFC 6749, 5.2", example = "invalid_grant" },
      error_description = field.string { example = WRONG },
    }),
    [429] = fail.problem("too many attempts; try again in 42 s"),
  },
  handler = function(req)
    req:set_header("Cache-Control", "no-store")
    req:set_header("Pragma", "no-cache")
    local token, why, code = users.sign_in(req.form.username, req.form.password)
    if code == "unauthorized" then return refuse(why) end
    req.attempt:give_back() -- only guesses count
    if not token then return fail[code](why) end
    return token
  end,
}
