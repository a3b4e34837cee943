-- patterns: calls a function of the string library twice, Lua's own and ours, and says where the two differ.
--
--   local patterns = loadfile "tests/unit/support/patterns.lua" (stock, ours)      two tables: find match gmatch gsub

local stock, ours = ...

local patterns = {}

-- What the calls have come to so far, so that a test can see that all of it was met.
patterns.seen = { found = 0, none = 0, raised = 0 }

local function shown(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

-- --- replacements ---------------------------------------------------------------------------------------

-- What a function or a table may say; the rest of the division picks.
local sayings = { "x", "", 7, 1.5, false, "%1", "abc", true, {} }

-- Each makes a replacement anew; what it was asked goes to `asked`.
local replacements = {
  text = function(text) return text end,
  number = function() return 12 end,
  table = function() return { a = "A", b = false, [""] = "-", ab = 3, [1] = "one", [2] = 2.5, ["1"] = {} } end,
  asking = function(_, asked)
    return setmetatable({}, { __index = function(_, key)
      asked[#asked + 1] = shown(key)
      return sayings[#asked % (#sayings - 1)]
    end })
  end,
  same = function(_, asked)
    return function(...)
      asked[#asked + 1] = select("#", ...)
      return ...
    end
  end,
  sayings = function(text, asked)
    return function(...)
      for i = 1, select("#", ...) do asked[#asked + 1] = shown((select(i, ...))) end
      return sayings[(#asked + #text) % (#sayings + 1)]
    end
  end,
  raising = function(text, asked)
    return function()
      asked[#asked + 1] = "asked"
      if #asked == 2 then error(text) end
    end
  end,
  wrong = function() return true end,
  none = function() return nil end,
}
patterns.replacements = { "asking", "none", "number", "raising", "same", "sayings", "table", "text", "wrong" }

-- --- one call -------------------------------------------------------------------------------------------

local calls = {}

function calls.find(lib, case)
  local find = lib.find
  return table.pack(find(case.subject, case.pattern, case.init, case.plain))
end

function calls.match(lib, case)
  local match = lib.match
  return table.pack(match(case.subject, case.pattern, case.init))
end

function calls.gmatch(lib, case)
  local gmatch, all = lib.gmatch, { n = 0 }
  local nextone = gmatch(case.subject, case.pattern, case.init)
  repeat
    local found = table.pack(nextone())
    for i = 1, found.n do all[all.n + i] = found[i] end
    all.n = all.n + found.n + 1
    all[all.n] = "|"
  until found[1] == nil
  return all
end

function calls.gsub(lib, case)
  local gsub, asked = lib.gsub, {}
  local replacement = replacements[case.kind](case.replacement, asked)
  local ok, results = pcall(function() return table.pack(gsub(case.subject, case.pattern, replacement, case.most)) end)
  if not ok then results = { "raised", results, n = 2 } end
  table.move(asked, 1, #asked, results.n + 1, results)
  results.n = results.n + #asked
  return results
end

patterns.calls = { "find", "gmatch", "gsub", "match" }

local function outcome(lib, case)
  local ok, results = pcall(calls[case.call], lib, case)
  if not ok then return { "raised", results, n = 2 } end
  return results
end

local function told(results)
  local words = {}
  for i = 1, results.n do words[i] = shown(results[i]) end
  return table.concat(words, ", ")
end

local function note(results)
  local what = results[1] == "raised" and "raised" or (results[1] == nil or results[2] == 0) and "none" or "found"
  patterns.seen[what] = patterns.seen[what] + 1
end

-- nil, or a sentence that says what differs.
function patterns.difference(case)
  local a, b = outcome(stock, case), outcome(ours, case)
  note(a)
  local same = a.n == b.n
  for i = 1, a.n do same = same and a[i] == b[i] and math.type(a[i]) == math.type(b[i]) end
  if same then return nil end
  local words = {}
  for key, value in pairs(case) do words[#words + 1] = key .. " = " .. shown(value) end
  return ("{ %s }\n  Lua:  %s\n  ours: %s"):format(table.concat(words, ", "), told(a), told(b))
end

-- --- cases made up --------------------------------------------------------------------------------------

local pieces = {
  "a", "a", "b", "ab", "1", " ", "_", "-", "\0", "\255", "]", "^", "$", ".", ".", "%a", "%A", "%d", "%s", "%S", "%w",
  "%W", "%p", "%x", "%x", "%X", "%z", "%Z", "%g", "%c", "%u", "%l", "%L", "%%", "%(", "%]", "%-", "%E", "%q", "%\0",
  "%b()", "%bab", "%baa", "%b\0a", "%f[%w]", "%f[^a]", "%f[%z]", "%f[]]", "%1", "%2", "()", "()", "[ab]", "[^ab]",
  "[a-z]", "[%a-z]", "[]]", "[^]]", "[a-]", "[-a]", "[%a-]", "[!-%a]", "[%]a]", "[^%s]", "[\0-\127]", "[\128-\255]",
  "[b-a]", "[a^]", "[^^]", "[%w_%-]", "[%W]", "[.]", "%x%x", "%a%a%a",
}
local faults = {
  "%b", "%ba", "%f", "%fa", "%f[", "[", "[^", "[]", "[a", "[a%", "[a-%]", "%", "%0", "%9", "%3", "(", ")",
}
local suffixes = { "*", "+", "-", "?" }
local bytes = { "a", "a", "b", "b", "ab", "1", " ", "(", ")", "%", "-", "_", "\0", "\255", "\n", "A", "]", "x1" }
local escapes = { "x", "%0", "%1", "%2", "%%", "%", "%a", "-", "\0", "" }

local random = math.random

local function any(list)
  return list[random(#list)]
end

local function some(list, most)
  local words = {}
  for i = 1, random(0, most) do words[i] = any(list) end
  return table.concat(words)
end

-- Five suffixes at most: the stock matcher is not to be kept busy.
local function made_pattern()
  local words, open, repeated = { random(5) == 1 and "^" or "" }, 0, 0
  for _ = 1, random(1, 7) do
    if random(6) == 1 then
      words[#words + 1], open = "(", open + 1
    elseif open > 0 and random(3) == 1 then
      words[#words + 1], open = ")", open - 1
    else
      words[#words + 1] = random(40) == 1 and any(faults) or any(pieces)
      if repeated < 5 and random(5) < 3 then
        words[#words + 1], repeated = any(suffixes), repeated + 1
      end
    end
  end
  if random(20) > 1 then words[#words + 1] = (")"):rep(open) end
  if random(5) == 1 then words[#words + 1] = "$" end
  return table.concat(words)
end

function patterns.made_up()
  return {
    call = any(patterns.calls),
    subject = some(bytes, 14),
    pattern = random(30) == 1 and some(bytes, 3) or made_pattern(),
    init = random(3) == 1 and random(-16, 16) or nil,
    plain = random(10) == 1 or nil,
    kind = random(3) == 1 and "text" or any(patterns.replacements),
    replacement = some(escapes, 4),
    most = random(4) == 1 and random(-1, 4) or nil,
  }
end

-- Tries so many; nil, or what differs first.
function patterns.try(count, seed)
  math.randomseed(seed)
  for _ = 1, count do
    local why = patterns.difference(patterns.made_up())
    if why then return why end
  end
  return nil
end

return patterns
