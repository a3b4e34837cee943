-- The rule: one vote a month. The database keeps it; here its outcomes get words.

local bus = require "plateia.bus"
local db = require "plateia.db"
local field = require "plateia.field"

local votes = {}

votes.Vote = field.object({
  movie_id = field.integer { min = 1, example = 42 },
  month = field.string { summary = "YYYY-MM, in UTC", example = "2026-11" },
  voted_at = field.string { format = "date-time", example = "2026-11-28T13:06:19.724261Z" },
}, { name = "Vote" })

-- A vote as its own voter sees it later.
votes.Past = field.object({
  movie_id = field.integer { min = 1, example = 42 },
  title = field.string { example = "Central do Brasil" },
  month = field.string { summary = "YYYY-MM, in UTC", example = "2026-11" },
  voted_at = field.string { format = "date-time", example = "2026-11-28T13:06:19.724261Z" },
}, { name = "PastVote" })

-- A new one for each object, as fields are written in the order in which they were made.
function votes.next_vote()
  return field.string { format = "date-time", optional = true, example = "2026-12-01T00:00:00Z",
    summary = "when the next vote may be cast; null: now" }
end

local SHOWN = 120 -- ten years of voting

local cast = db.batched "cast_vote"
local of_user = db.query "user_votes"
local window = db.one "vote_window"

local refusals = {
  no_movie = { "there is no film with this id", "not_found" },
  no_user = { "this user no longer exists", "unauthorized" },
}

local function refuse(row)
  if row.outcome == "again" then
    return nil, "you have voted this month", "conflict", { next_vote_at = row.next_vote_at }
  end
  return nil, table.unpack(refusals[row.outcome])
end

-- What a lost or late answer means for a vote, so that nobody has to guess.
local reasons = {
  busy = "the vote was not counted: the server has no capacity right now; try again in a moment",
  timeout = "the vote was not counted in time; try again in a moment",
  unknown = "the vote may have been counted: the answer of the database was lost; look at /me/votes before you "
    .. "try again",
}

-- The vote; or nil, message, code and what else is to be known.
function votes.cast(user, movie_id)
  local row, why, code = cast(user.id, movie_id)
  if not row then return nil, reasons[code] or why, code end
  if row.outcome ~= "cast" then return refuse(row) end
  bus.publish("vote.cast",
    { user_id = user.id, movie_id = row.movie_id, month = row.month, voted_at = row.voted_at })
  return row
end

-- The user's votes, newest first, and when the next may be cast: nil means now.
function votes.of(user)
  local items, why, code = of_user(user.id, SHOWN)
  if not items then return nil, why, code end
  local now
  now, why, code = window()
  if not now then return nil, why, code end
  local voted = items[1] and items[1].month == now.month
  return { items = items, next_vote_at = voted and now.next_vote_at or nil }
end

return votes
