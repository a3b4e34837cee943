-- Who takes part: signing up, signing in, looking up.

local db = require "plateia.db"
local field = require "plateia.field"
local jwt = require "plateia.jwt"
local log = require "plateia.log"
local metrics = require "plateia.metrics"
local password = require "plateia.password"

local users = {}

users.User = field.object({
  id = field.integer { min = 1 },
  username = field.string {},
  email = field.string { optional = true, format = "email" },
  phone = field.string { optional = true, format = "phone" },
  notify_by = field.string {},
  created_at = field.string { format = "date-time" },
}, { name = "User" })

local create = db.one "create_user"
local by_name = db.one "user_by_name"
local set_hash = db.one "set_password_hash"

users.find = db.one("user_by_id", "this user no longer exists")

-- Spaces and what cannot be seen would let one name look like another.
local function is_visible(code)
  return code > 0x20 and not (code >= 0x7f and code <= 0xa0) and code ~= 0xad and code ~= 0x1680
    and not (code >= 0x2000 and code <= 0x200f) and not (code >= 0x2028 and code <= 0x202f)
    and not (code >= 0x205f and code <= 0x206f) and code ~= 0x3000 and code ~= 0xfeff
end

-- A name that someone wants, or nil and what is wrong with it.
function users.check_name(name)
  for _, code in utf8.codes(name) do
    if not is_visible(code) then return nil, "a username has no spaces and no invisible characters" end
  end
  return name
end

local refusals = {
  taken = { "this username is taken", "conflict" },
  invalid = { "a username has 3 to 32 characters", "invalid" },
}

-- wanted: { username, password, email, phone, notify_by }
function users.sign_up(wanted)
  local hash, why, code = password.hash(wanted.password)
  if not hash then return nil, why, code end
  local row
  row, why, code = create(wanted.username, hash, wanted.email, wanted.phone, wanted.notify_by)
  if not row then return nil, why, code end
  if row.outcome ~= "created" then return nil, table.unpack(refusals[row.outcome]) end
  return { id = row.id, username = row.username }
end

-- The cost of hashing has risen since this hash was made. Should storing fail, the next sign-in tries again.
local function renew(user, hash)
  local done, why = set_hash(user.id, hash)
  if not done then log.warn("a renewed password hash was not stored", { user = user.id, reason = why }) end
end

local attempts = metrics.counter("login_attempts_total",
  "Attempts to sign in, by how they ended: good, refused, throttled or failed.", { "result" })

-- An unknown name costs the same time as a wrong password, and is told in the same words.
local function sign_in(name, given)
  local user, why, code = by_name(name)
  if not user and code ~= "not_found" then return nil, why, code end
  local matches, better, state = password.verify(given, user and user.password_hash)
  if matches == nil then return nil, better, state end
  if not user or not matches then return nil, "Incorrect username or password", "unauthorized" end
  if better then renew(user, better) end
  local token, expires_in = jwt.sign(user.id)
  return { access_token = token, token_type = "bearer", expires_in = expires_in }
end

function users.sign_in(name, given)
  local token, why, code = sign_in(name, given)
  attempts:add(1, token and "good" or code == "unauthorized" and "refused" or "failed")
  return token, why, code
end

-- Somebody who may not try any more for a while.
function users.note_throttled()
  attempts:add(1, "throttled")
end

return users
