-- Routes whose answer is kept for everybody: found again by the route and its checked inputs, with a strong
-- ETag.
--
-- Clients are told `no-cache`: they keep the body but ask each time, so that a change is seen at once, and an
-- unchanged answer costs a 304. What is kept is the ETag followed by the body: one value, one look-up.
--
-- One request at a time makes an answer; the core lets the others wait for it, or gives them the old one. A route
-- that says what drops it is not even waited for by one: an observer makes anew what is in use.

local answer = require "plateia.answer"
local fail = require "plateia.fail"
local raw = require "plateia.raw"

local cache, sha256 = raw.cache, raw.crypto.sha256
local ETAG_LENGTH = 34 -- 32 hexadecimal digits in quotes

local cached = {}

-- ---- when the route is loaded ----

-- path and query: plans of input.lua, or nil.
function cached.plan(route, inputs)
  local given, parts = route.cached, {}
  for _, where in ipairs { "path", "query" } do
    for _, member in ipairs(inputs[where] and inputs[where].members or {}) do
      parts[#parts + 1] = { where = where, name = member.name }
    end
  end
  return {
    name = route.method .. " " .. route.template,
    key = ("%d %s %s\n"):format(raw.generation, route.method, route.template),
    parts = parts,
    rule = { ttl = given.ttl, fresh = given.fresh, stale = given.stale, tags = given.drop_on,
      renew = given.drop_on ~= nil and #given.drop_on > 0 },
  }
end

-- ---- when a request comes ----

local letters = { integer = "i", float = "f", string = "s", boolean = "b" }
local readers = { i = math.tointeger, f = tonumber, s = tostring, b = function(text) return text == "true" end }

-- Begins with the generation, whose code made the answer: another's is not found. Checked text holds no NUL, so
-- NUL can part the values; the letter before each tells its type, and an empty value from none.
function cached.key(plan, req)
  local key, parts = plan.key, plan.parts
  for i = 1, #parts do
    local value = req[parts[i].where][parts[i].name]
    local kind = math.type(value) or type(value)
    local text = kind == "float" and ("%.17g"):format(value) or tostring(value)
    key = key .. (value == nil and "\0" or "\0" .. letters[kind] .. text)
  end
  return key
end

-- The request that has this key, as far as a handler of a cached route may look at it.
function cached.request(plan, key)
  local req, i = { path = {}, query = {}, header = function() return nil end }, 0
  for letter, text in key:sub(#plan.key + 1):gmatch "\0(%l?)([^\0]*)" do
    i = i + 1
    if letter ~= "" then req[plan.parts[i].where][plan.parts[i].name] = readers[letter](text) end
  end
  return req
end

-- True when the client says that it has what the tag names (RFC 9110, 13.1.2: weak comparison).
function cached.matches(header, tag)
  if not header then return false end
  if header == tag or header:find("^%s*%*%s*$") then return true end
  for given in header:gmatch('"[^"]*"') do
    if given == tag then return true end
  end
  return false
end

-- Runs the handler and keeps what it answers. Should it fail, the pipeline sees `_filling` and gives up the
-- filling, so that the next asker tries. Returns what is kept, and whether it is.
local function fill(route, plan, req, key, ticket)
  req._filling = key
  local value, status, headers = route.handler(req)
  if headers or status and status ~= 200 then
    error("a cached route answers 200, without headers of its own", 0)
  end
  local body = answer.body(route, value, 200)
  local kept = '"' .. sha256(body):sub(1, ETAG_LENGTH - 2) .. '"' .. body
  local fine, why = cache.put(key, kept, plan.rule, ticket)
  if not fine then
    raw.log("warn", "an answer was not kept", { route = plan.name, reason = why })
    cache.abandon(key)
  end
  req._filling = nil
  return kept, fine
end

local function send(handle, kept, age, status)
  local tag = kept:sub(1, ETAG_LENGTH)
  handle:set_header("ETag", tag)
  handle:set_header("Cache-Control", "public, no-cache")
  handle:set_header("Cache-Status", status)
  if cached.matches(handle:header("If-None-Match"), tag) then return handle:answer(304) end
  handle:set_header("Age", tostring(age // 1 | 0))
  handle:answer(200, kept:sub(ETAG_LENGTH + 1))
end

-- Cache-Status as RFC 9211 has it; who waited for another request's answer was forwarded together with it.
local function say_found(ttl, waited)
  return ("plateia; %s; ttl=%d"):format(waited and "fwd=miss; collapsed" or "hit", ttl // 1 | 0)
end

local function say_made(plan, known, stored)
  local why = known and "stale" or "miss"
  if not stored then return "plateia; fwd=" .. why end
  return ("plateia; fwd=%s; stored; ttl=%d"):format(why, plan.rule.ttl // 1 | 0)
end

function cached.serve(route, plan, handle, req)
  local key = cached.key(plan, req)
  local found, kept, age, ttl, waited = cache.get(key, handle)
  if found == "miss" then
    local ticket, known = kept, age
    local made, stored = fill(route, plan, req, key, ticket)
    return send(handle, made, 0, say_made(plan, known, stored))
  end
  if not found then
    local why, code = kept, age
    return fail[code](why)
  end
  send(handle, kept, age, say_found(ttl, waited))
end

-- ---- when nobody asks ----

-- Makes anew what is in use and was dropped, or will be old soon. What fails is tried again; meanwhile the old one
-- is given.
local function renew(route, plan)
  local due, failed = raw.cache_due(plan.key), nil
  for i = 1, #due, 2 do
    local fine, why = pcall(fill, route, plan, cached.request(plan, due[i]), due[i], due[i + 1])
    if not fine then
      cache.abandon(due[i])
      failed = failed or why
    end
  end
  if failed then error(type(failed) == "table" and failed.detail or failed, 0) end
end

-- The observers that keep the route's answers fresh, as observer.lua takes them: at its events, and by the clock for
-- what its time makes old or what failed.
function cached.observers(route)
  local plan, list = route.ways.cached, {}
  if not plan or not plan.rule.renew then return list end
  local function run() renew(route, plan) end
  for i, name in ipairs(plan.rule.tags) do list[i] = { on = name, every = plan.rule.fresh, run = run } end
  list[#list + 1] = { every = 1, run = run }
  return list
end

return cached
