-- account: what processes have used, from the kernel's own books (/proc).
--
-- A program here is often a family: a parent and its workers, PostgreSQL and its backends. Whatever is asked of one
-- is asked of its whole tree; children that have ended are in the books of the parent that waited for them.

local account = {}

local TICK = 10000 -- microseconds; the kernel shows times of processes in hundredths of a second everywhere

local uv = require "luv"

local function read(path)
  local file = io.open(path, "rb")
  if not file then return end
  local text = file:read "a"
  file:close()
  return text
end

-- Parent, then ticks of its own, of children that it waited for, and when it began. The name may hold blanks and
-- brackets.
local function stat(id)
  local text = read("/proc/" .. id .. "/stat")
  local rest = text and text:match "^.*%) (.*)$"
  if not rest then return end
  local fields = {}
  for word in rest:gmatch "%S+" do fields[#fields + 1] = word end
  return tonumber(fields[2]), fields[12] + fields[13], fields[14] + fields[15], tonumber(fields[20])
end

-- Something that only this process has, not a later one of its id; nil when it is gone.
function account.born(id)
  return (select(4, stat(id)))
end

-- Ids of a process and all that came from it.
function account.tree(root)
  local children = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir "/proc") do
    local id = math.tointeger(tonumber(name))
    local parent = id and stat(id)
    if parent then
      children[parent] = children[parent] or {}
      table.insert(children[parent], id)
    end
  end
  local found = { root }
  for at = 1, math.huge do
    if not found[at] then return found end
    table.move(children[found[at]] or {}, 1, #(children[found[at]] or {}), #found + 1, found)
  end
end

-- Microseconds of CPU that the tree has used.
function account.cpu(root)
  local ticks = 0
  for _, id in ipairs(account.tree(root)) do
    local _, own, waited = stat(id)
    ticks = ticks + (own or 0) + (waited or 0)
  end
  return ticks * TICK
end

-- Microseconds of our own children that have ended.
function account.children()
  local _, _, waited = stat "self"
  return waited * TICK
end

-- MiB of the tree: resident (pages that two share count twice) and proportional (they count half each).
function account.memory(root)
  local resident, proportional = 0, 0
  for _, id in ipairs(account.tree(root)) do
    local text = read("/proc/" .. id .. "/smaps_rollup") or ""
    resident = resident + (text:match "\nRss:%s+(%d+)" or 0)
    proportional = proportional + (text:match "\nPss:%s+(%d+)" or 0)
  end
  return resident / 1024, proportional / 1024
end

return account
