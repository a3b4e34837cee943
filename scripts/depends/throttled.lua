-- How often one may try to sign in or to sign up. Where a password is guessed, the account and the address
-- together have a limit, and the address has one for all accounts: so nobody can lock somebody else out.

local addresses = require "lib.addresses"
local depend = require "plateia.depend"
local settings = require "plateia.settings"
local throttle = require "plateia.throttle"
local users = require "lib.users"

local MINUTE, HOUR = 60, 3600

local function limit(name)
  return math.tointeger(tonumber(settings(name))) or 0
end

local throttled = {}

-- Gives the attempt: a sign-in that was no guess gives it back.
throttled.sign_in = depend {
  name = "throttled.sign_in",
  resolve = function(req)
    local from = addresses.household(req:peer())
    local fine, attempt = pcall(throttle, req, {
      { key = ("sign in %s as %s"):format(from, req.form.username:lower()), limit = limit "throttle_sign_in",
        window = MINUTE },
      { key = "sign in " .. from, limit = limit "throttle_sign_in_address", window = MINUTE },
    })
    if fine then return attempt end
    users.note_throttled()
    error(attempt, 0)
  end,
}

throttled.sign_up = depend {
  name = "throttled.sign_up",
  resolve = function(req)
    local from = addresses.household(req:peer())
    return throttle(req, { { key = "sign up " .. from, limit = limit "throttle_sign_up", window = HOUR } })
  end,
}

return throttled
