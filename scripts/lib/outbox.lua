-- Delivers what the outbox holds: claims a page of rows for a time, sends each, and settles what became of
-- them. No transaction is open while something is sent; who dies meanwhile loses its claim, and the rows are
-- sent by somebody else: once more perhaps, never not at all.

local clock = require "plateia.clock"
local crypto = require "plateia.crypto"
local db = require "plateia.db"
local json = require "plateia.json"
local log = require "plateia.log"
local metrics = require "plateia.metrics"
local settings = require "plateia.settings"

local PAGE = 32     -- rows a claim
local RUN = 3       -- seconds that one run may take, so that a server that stops has not long to wait
local SETTLE = 0.25 -- seconds of sending after which what was sent is settled
local REASON = 500  -- characters of a reason that are kept

local outbox = {}

local claim = db.query "outbox_claim"
local settle_sent = db.query "outbox_done"
local settle_later = db.query "outbox_retry_later"
local settle_dead = db.query "outbox_dead"
local settle_unused = db.query "outbox_release"

local attempted = metrics.counter("outbox_attempts_total",
  "Attempts to send a notification, by how they ended: sent, later or dead.", { "channel", "result" })

-- { pending, dead, oldest_seconds }
outbox.state = db.one "outbox_state"

-- ---- when to try again ----

local function read_rules()
  return {
    attempts = tonumber(settings "outbox_attempts"),
    lease = tonumber(settings "outbox_lease_ms") / 1000,
    least = tonumber(settings "outbox_retry_ms") / 1000,
    most = tonumber(settings "outbox_retry_most_ms") / 1000,
  }
end

-- From 0 to 1.
local function chance()
  return tonumber(crypto.random(4), 16) / 0xffffffff
end

-- Seconds until the next attempt after so many: doubled each time up to `most`; the half of it is left to
-- chance, so that what failed together does not come back together.
function outbox.delay(attempts, least, most, drawn)
  local whole = math.min(most, least * 2.0 ^ math.min(attempts - 1, 60))
  return whole * (0.5 + 0.5 * drawn)
end

-- ---- what became of rows ----

local function nothing()
  return { sent = {}, later = { keys = {}, attempts = {}, seconds = {}, errors = {} },
    dead = { keys = {}, attempts = {}, errors = {} } }
end

local function add(list, row, why)
  local n = #list.keys + 1
  list.keys[n], list.attempts[n], list.errors[n] = row.key, row.attempts, why
  return n
end

-- A reason as the database takes it, whatever a channel said.
local function reason(why)
  why = tostring(why == nil and "the channel did not say why" or why):gsub("%z", "?")
  if not utf8.len(why) then why = why:gsub("[\x80-\xff]", "?") end
  local cut = utf8.offset(why, REASON + 1)
  return cut and why:sub(1, cut - 1) or why
end

local function note(outcome, row, rules, sent, why, what)
  if sent then
    table.insert(outcome.sent, row.key)
    return "sent"
  end
  why = reason(why)
  if what == "dead" or row.attempts >= rules.attempts then
    log.warn("a notification was given up", { key = row.key, channel = row.channel, attempts = row.attempts,
      reason = why })
    add(outcome.dead, row, why)
    return "dead"
  end
  local seconds = outbox.delay(row.attempts, rules.least, rules.most, chance())
  outcome.later.seconds[add(outcome.later, row, why)] = seconds
  return "later"
end

local function settle(outcome)
  local sent, later, dead = outcome.sent, outcome.later, outcome.dead
  local done, why, code = true, nil, nil
  if sent[1] then done, why, code = settle_sent(sent) end
  if done and later.keys[1] then
    done, why, code = settle_later(later.keys, later.attempts, later.seconds, later.errors)
  end
  if done and dead.keys[1] then done, why, code = settle_dead(dead.keys, dead.attempts, dead.errors) end
  return done, why, code
end

-- ---- one page ----

-- A channel that raises is one that failed this time.
local function attempt(send, row)
  row.data = json.decode(row.data)
  local fine, sent, why, what = pcall(send, row)
  if not fine then return nil, sent, "retry" end
  return sent, why, what
end

local function give_back(rows, first)
  local unused = { keys = {}, attempts = {}, errors = {} }
  for i = first, #rows do add(unused, rows[i]) end
  return settle_unused(unused.keys, unused.attempts)
end

-- What is not begun by `last` is given back.
local function send_page(rows, send, rules, counts, last)
  local outcome, settled_at = nothing(), clock.monotonic()
  for i, row in ipairs(rows) do
    local now = clock.monotonic()
    local over = i > 1 and now > last
    if over or now - settled_at > SETTLE then
      local done, why, code = settle(outcome)
      if not done then return nil, why, code end
      outcome, settled_at = nothing(), now
    end
    if over then return give_back(rows, i) end
    local what = note(outcome, row, rules, attempt(send, row))
    counts[what] = counts[what] + 1
    attempted:add(1, row.channel, what)
  end
  return settle(outcome)
end

-- Sends what is due, page after page, with send(row) -> true | nil, why, "retry" | "dead". Returns how many
-- were sent, put off and given up; or nil, message, code where the database failed: what was claimed then
-- comes back when its time is over.
function outbox.deliver(send)
  local counts, rules = { sent = 0, later = 0, dead = 0 }, read_rules()
  local last = clock.monotonic() + math.min(RUN, rules.lease / 2)
  repeat
    local rows, why, code = claim(PAGE, rules.lease)
    if not rows then return nil, why, code end
    local done
    done, why, code = send_page(rows, send, rules, counts, last)
    if not done then return nil, why, code end
  until #rows < PAGE or clock.monotonic() > last
  return counts
end

return outbox
