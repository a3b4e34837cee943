-- `assert` of specs: assert(value, message) as everywhere, and busted's assertions behind it, in busted's words:
-- assert.equal(wanted, got), assert.are.same(...), assert.is_not_nil(x), assert.has_no.errors(fn), ...
--
-- What fails raises a table { message }, so that no pattern of a script takes it for one of its own errors.

local show = require "plateia.test_show"

local Failure = { __tostring = function(failure) return failure.message end, __metatable = false }

local function fail(message)
  error(setmetatable({ message = message }, Failure), 0)
end

-- ---- what is asked ----

local function same(a, b, seen)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return a ~= a and b ~= b end
  if seen[a] == b then return true end
  seen[a] = b
  for key, value in next, a do
    if not same(value, rawget(b, key), seen) then return false end
  end
  for key in next, b do
    if rawget(a, key) == nil then return false end
  end
  return true
end

-- Without the place that Lua puts in front.
local function text_of(raised)
  if type(raised) == "string" then return (raised:gsub("^[^\n]-:%d+: ", "", 1)) end
  return raised
end

-- `told`: one value more is a message of the spec's own.
local function compare(words, judge)
  return { count = 2, told = true, judge = function(wanted, got)
    return judge(wanted, got), ("expected %s%s, got %s"):format(words, show(wanted), show(got)),
      ("expected anything but %s"):format(show(wanted))
  end }
end

local function is(words, judge)
  return { count = 1, told = true, judge = function(got)
    return judge(got), ("expected %s, got %s"):format(words, show(got)),
      ("expected anything but %s, got %s"):format(words, show(got))
  end }
end

local function raised_by(fn)
  if type(fn) ~= "function" then fail("expected a function that raises, got " .. show(fn)) end
  local fine, raised = pcall(fn)
  return not fine, text_of(raised)
end

local assertions = {
  equal = compare("", rawequal),
  same = compare("the like of ", function(a, b) return same(a, b, {}) end),
  ["true"] = is("true", function(x) return x == true end),
  ["false"] = is("false", function(x) return x == false end),
  ["nil"] = is("nil", function(x) return x == nil end),
  truthy = is("something true", function(x) return x and true or false end),
  falsy = is("nil or false", function(x) return not x end),
  error = { count = 1, judge = function(fn, ...)
    local raised, what = raised_by(fn)
    if select("#", ...) == 0 or ... == nil then
      return raised, "expected an error, and there was none", "expected no error, got " .. show(what)
    end
    local wanted = ...
    return raised and same(wanted, what, {}),
      raised and ("expected the error %s, got %s"):format(show(wanted), show(what))
        or ("expected the error %s, and there was none"):format(show(wanted)),
      ("expected anything but the error %s"):format(show(wanted))
  end },
  error_matches = { count = 2, judge = function(fn, pattern)
    local raised, what = raised_by(fn)
    local found = raised and tostring(what):find(pattern) ~= nil
    return found, raised and ("expected an error like %s, got %s"):format(show(pattern), show(tostring(what)))
      or ("expected an error like %s, and there was none"):format(show(pattern)),
      ("expected no error like %s, got %s"):format(show(pattern), show(tostring(what)))
  end },
  matches = { count = 2, judge = function(pattern, got, init, plain)
    local found = type(got) == "string" and got:find(pattern, init, plain) ~= nil
    return found, ("expected text like %s, got %s"):format(show(pattern), show(got)),
      ("expected no text like %s, got %s"):format(show(pattern), show(got))
  end },
  near = { count = 3, judge = function(wanted, got, tolerance)
    local close = type(got) == "number" and math.abs(wanted - got) <= tolerance
    return close, ("expected %s, give or take %s, got %s"):format(show(wanted), show(tolerance), show(got)),
      ("expected anything but %s, give or take %s, got %s"):format(show(wanted), show(tolerance), show(got))
  end },
}
for _, kind in ipairs { "string", "number", "boolean", "table", "function", "userdata" } do
  assertions[kind] = is("a " .. kind, function(x) return type(x) == kind end)
end
for alias, name in pairs { equals = "equal", errors = "error", match = "matches", near_to = "near",
  error_match = "error_matches", falsey = "falsy" } do
  assertions[alias] = assertions[name]
end

-- ---- how it is said ----

local filler = { is = true, are = true, was = true, were = true, has = true, have = true, does = true, a = true,
  an = true, the = true, to = true, be = true }
local negation = { ["not"] = true, no = true, isnt = true, arent = true }

-- "is_not_nil" -> the assertion, and whether its opposite is meant; only words between: nil.
local function read(words, negated)
  words = words:lower()
  repeat
    if assertions[words] then return assertions[words], negated end
    local word, rest = words:match "^([^_]+)_?(.*)$"
    if not word or not filler[word] and not negation[word] then return nil, negated, "unknown" end
    if negation[word] then negated = not negated end
    words = rest
  until words == ""
  return nil, negated
end

local function check(assertion, negated, ...)
  if select("#", ...) < assertion.count then
    fail(("this assertion takes %d values"):format(assertion.count))
  end
  local holds, why, why_not = assertion.judge(...)
  if (holds and true or false) ~= negated then return ... end
  why = negated and why_not or why
  local message = assertion.told and select(assertion.count + 1, ...)
  fail(message and ("%s\n%s"):format(tostring(message), why) or why)
end

local function link(negated, call)
  return setmetatable({}, {
    __index = function(_, words)
      local assertion, opposite, unknown = read(tostring(words), negated)
      if unknown then
        error(("there is no assertion \"%s\": equal, same, is_true, is_false, is_nil, truthy, falsy, has_error, "
          .. "error_matches, matches, near, is_string and their like"):format(tostring(words)), 2)
      end
      if not assertion then return link(opposite) end
      return function(...) return check(assertion, opposite, ...) end
    end,
    __newindex = function() error("assert cannot be changed here", 2) end,
    __call = call,
    __metatable = false,
  })
end

-- As Lua's own, but that a failure is told as one, with its place.
return link(false, function(_, value, ...)
  if value then return value, ... end
  local message = ...
  if type(message) == "table" then error(message, 0) end
  fail(message == nil and "assertion failed" or tostring(message))
end)
