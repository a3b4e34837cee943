-- crowd: many users at once, without a password hash or a login for each.
--
-- The database makes them, and signs their tokens with pgcrypto: whoever has the server's secret may.

local crowd = {}

local SQL = [[
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE OR REPLACE FUNCTION pg_temp.base64url(bytes bytea) RETURNS text LANGUAGE sql AS
$$ SELECT translate(encode(bytes, 'base64'), E'+/=\n', '-_') $$;
CREATE OR REPLACE FUNCTION pg_temp.token(header text, claims text, secret text) RETURNS text LANGUAGE sql AS
$$ SELECT signed || '.' || pg_temp.base64url(hmac(signed, secret, 'sha256'))
   FROM (SELECT pg_temp.base64url(convert_to(header, 'UTF8')) || '.' ||
                pg_temp.base64url(convert_to(claims, 'UTF8'))) AS parts(signed) $$;
]]

local HEADER = '{"alg":"HS256","kid":"k1","typ":"JWT"}'

local function quoted(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

-- A token of any content: header and claims are JSON texts.
function crowd.sign(db, secret, claims, header)
  return db:value(SQL .. ("SELECT pg_temp.token(%s, %s, %s)")
    :format(quoted(header or HEADER), quoted(claims), quoted(secret)))
end

-- `count` new users: an array of { id =, token = }. Their names start with `name`.
function crowd.make(db, secret, name, count)
  local rows = db:rows(SQL .. ([[
    WITH made AS (
      INSERT INTO users (username, password_hash)
      SELECT %s || n, 'none' FROM generate_series(1, %d) AS n
      RETURNING id
    )
    SELECT id, pg_temp.token(%s, format(
      '{"aud":"plateia","exp":%%s,"iat":%%s,"iss":"plateia","sub":"%%s"}', at + 3600, at, id), %s)
    FROM made, (SELECT extract(epoch FROM now())::bigint) AS clock(at)]])
    :format(quoted(name), count, quoted(HEADER), quoted(secret)))
  local users = {}
  for i, row in ipairs(rows) do users[i] = { id = math.tointeger(tonumber(row[1])), token = row[2] } end
  return users
end

return crowd
