-- ground: what all stand on: one PostgreSQL that keeps what it promises (fsync), one database for ours and one for
-- the peers, users in both, and every request as it goes over the wire, in files that tests/bench/wrk.lua reads.

local database = require "support.database"
local process = require "support.process"
local server = require "support.server"

local ground = {}

-- What the embedded PostgreSQL is given, and UTC, as Python and JavaScript reckon in it.
local SETTINGS = { "fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=128MB",
  "max_wal_size=1GB", "random_page_cost=1.1", "jit=off", "timezone=UTC", "log_checkpoints=off" }

ground.SECRET = server.SECRET
local WIDTH = 512 -- of a record
local HEADER = '{"alg":"HS256","kid":"k1","typ":"JWT"}'

local SIGN = [[
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE FUNCTION pg_temp.base64url(bytes bytea) RETURNS text LANGUAGE sql AS
$$ SELECT translate(encode(bytes, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION pg_temp.record(head text) RETURNS text LANGUAGE sql AS
$$ SELECT head || rpad(E'User-Agent: bench', WIDTH - 4 - octet_length(head), '.') || E'\r\n\r\n' $$;
]]

local function quoted(text) return "'" .. text:gsub("'", "''") .. "'" end

-- Runs SQL whose one result is records, into a file.
local function write_records(db, file, sql)
  local script = ground.folder .. "/records.sql"
  process.write_file(script, SIGN:gsub("WIDTH", tostring(WIDTH)) .. sql)
  local code, text = process.run("psql", { env = { PGOPTIONS = "-c client_min_messages=warning" }, seconds = 600,
    args = { "-XAtq", "-R", "", "-v", "ON_ERROR_STOP=1", "-o", file, "-f", script, db.url } })
  if code ~= 0 then error("psql: " .. text, 0) end
end

-- A vote of each user of `where` (SQL), in no order, for films in no order.
local function votes(db, name, claims, where, count)
  local file = ground.folder .. "/" .. db.name .. "." .. name
  write_records(db, file, ([[
    SELECT setseed(0.5) \g /dev/null
    SELECT pg_temp.record(format(
        E'POST /vote/%%s HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\nAuthorization: Bearer %%s.%%s\r\n',
        film, signed, pg_temp.base64url(hmac(signed, %s, 'sha256'))))
    FROM (SELECT 1 + floor(random() * %d)::int AS film, pg_temp.base64url(convert_to(%s, 'UTF8')) || '.' ||
                 pg_temp.base64url(convert_to(format(%s, now + 3600 * 3, now, id), 'UTF8')) AS signed
          FROM users, (SELECT extract(epoch FROM now())::bigint) AS clock(now)
          WHERE %s ORDER BY random()) AS drawn;]])
    :format(quoted(ground.SECRET), ground.FILMS, quoted(HEADER), quoted(claims), where))
  return { file = file, width = WIDTH, first = 0, count = count }
end

-- These paths, again and again.
function ground.reads(name, paths)
  if #paths == 1 then paths = { paths[1], paths[1] } end -- one for each thread of wrk
  local parts = {}
  for i, path in ipairs(paths) do
    local head = "GET " .. path .. " HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench"
    parts[i] = head .. ("."):rep(WIDTH - 4 - #head) .. "\r\n\r\n"
  end
  local file = ground.folder .. "/" .. name
  process.write_file(file, table.concat(parts))
  return { file = file, width = WIDTH, first = 0, count = #paths }
end

-- Users for so many votes, and their votes: ours who want to hear nothing, ours who want a line in the log, and the
-- peers', whose tokens carry no audience, as the Python library refuses one that it was not told of.
function ground.crowd(db, name, count, notify_by)
  local first = db:value "SELECT coalesce(max(id), 0) FROM users"
  db:run(([[INSERT INTO users (username, password_hash, notify_by)
    SELECT '%s' || %d + n, 'none', '%s' FROM generate_series(1, %d) AS n; VACUUM (ANALYZE) users]])
    :format(name, first, notify_by or "none", count))
  return votes(db, name, '{"aud":"plateia","exp":%s,"iat":%s,"iss":"plateia","sub":"%s"}',
    ("id > %d"):format(first), count)
end

function ground.peers_crowd(count)
  local db = ground.peers
  db:run(("INSERT INTO users (username, password) SELECT 'peer' || n, 'none' FROM generate_series(1, %d) AS n")
    :format(count))
  db:run "VACUUM (ANALYZE) users"
  return votes(db, "peers", '{"exp":%s,"iat":%s,"sub":"%s"}', "true", count)
end

-- A migrated database with our catalogue in it.
function ground.ours_database(name)
  local db = ground.cluster:create(name)
  db.seconds = 600
  server.start({ database = db }):stop()
  return db
end

function ground.start(folder)
  ground.folder = folder
  ground.cluster = database.start(SETTINGS)
  ground.ours = ground.ours_database "ours"
  ground.FILMS = ground.ours:value "SELECT count(*) FROM movies"
  assert(ground.FILMS == ground.ours:value "SELECT max(id) FROM movies", "the films' ids have holes")
  ground.peers = ground.cluster:create "peers"
  ground.peers.seconds = 600
  ground.peers:run(process.read_file "tests/bench/peers/peer.sql")
  ground.peers:run(([[INSERT INTO movies (title, year) SELECT 'Film ' || n, 1920 + n %% 105
    FROM generate_series(1, %d) AS n; VACUUM (ANALYZE)]]):format(ground.FILMS))
end

function ground.stop()
  if ground.cluster then ground.cluster:stop "immediate" end
end

-- Nobody has voted, and no old page is in the way of the next turn.
function ground.clear(db)
  db:run(db == ground.peers and "TRUNCATE votes" or
    "TRUNCATE votes, tallies, tally_totals, standings, folds, outbox")
  db:run "CHECKPOINT"
end

return ground
