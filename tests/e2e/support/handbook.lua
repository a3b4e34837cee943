-- handbook: reads a page of docs/handlers as its reader does, and does what it says: saves the files that it shows,
-- types its commands, and compares what comes back with what the page says comes back.
--
-- What a fenced block is, its first line tells (the second word is not seen by readers):
--
--   lua examples/NN_name/scripts/...    a file to save: the same as that file. sql and json likewise. In a folder
--                                       `broken` the server refuses it; other folders are later versions of a file
--   diff scripts/...                    a change of one of the tree's own files
--   sh                                  commands. One that asks ends with "# STATUS"
--   json                                the JSON of all answers of the commands before it, in order
--   text                                lines that the commands before it print, in order; others may stand between,
--                                       and "..." stands for whatever is there
--   text log                            lines that the server's log has since the page began, likewise; a line that
--                                       begins with two spaces goes on with the one before

local json = require "dkjson"
local uv = require "luv"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"
local values = require "support.json_values"

local FOLDER = "docs/handlers/"

local handbook = { folder = FOLDER }

-- ---- reading ----

-- The numbered pages, in order.
function handbook.pages()
  local names = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(FOLDER)) do
    if name:find "^%d%d_[%w_]+%.md$" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- The fenced blocks of a page, in order: { kind, name (the second word), text, line }.
function handbook.blocks(page)
  local found, block, number = {}, nil, 0
  for line in io.lines(FOLDER .. page) do
    number = number + 1
    local info = line:match "^```(.*)$"
    if info and not block then
      local kind, name = info:match "^(%S*)%s*(.-)$"
      block = { kind = kind, name = name, line = number, lines = {} }
    elseif info then
      block.text = table.concat(block.lines, "\n") .. "\n"
      found[#found + 1], block = block, nil
    elseif block then
      table.insert(block.lines, line)
    end
  end
  assert(not block, page .. " ends within a block")
  return found
end

-- Where a file of an example is to be saved in the tree, and whether the server is to refuse it.
function handbook.place(name)
  local before, path = name:match "^(examples/.-)/(scripts/.+)$"
  if not path then before, path = name:match "^(examples/.-)/(sql/.+)$" end
  return path, path ~= nil and before:find "/broken$" ~= nil
end

-- ---- comparing ----

-- What is another one each time, in text: { pattern, by }.
local CHANGING = {
  { "%d%d%d%d%-%d%d%-%d%dT[%d:.]+Z", "TIME" },
  { "%d%d:%d%d:%d%d%.%d+", "TIME" },
  { "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x", "KEY" },
  { "%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x", "ID" },
  { "^id: %S+", "id: ID" },
  { '(generation"?[ =:])%d+', "%1N" },
  { "milliseconds=[%d.]+", "milliseconds=N" },
  { "by=%l+", "by=SOMEBODY" },
  { "%d%d%d%d%-%d%d%f[%D]", "MONTH" },
  { "%d+ ms", "N ms" },
  { "%d+ s%f[%A]", "N s" },
  { "ttl=%d+", "ttl=N" },
  { "^(%d+) +TIME +(%l+) +%x+$", "N TIME %2 HASH" },
}

function handbook.masked(text)
  for _, each in ipairs(CHANGING) do text = text:gsub(each[1], each[2]) end
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- The same in JSON; tokens are found by their three parts.
local function alike(value, key)
  if key == "generation" then return "a generation" end
  if type(value) == "string" then
    return value:find "^[%w_-]+%.[%w_-]+%.[%w_-]+$" and #value > 60 and "a token" or handbook.masked(value)
  end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, each in pairs(value) do copy[name] = alike(each, name) end
  return copy
end

-- Whether a line is what the page shows, whose "..." stands for anything.
local function is_shown(line, wanted)
  local pattern = wanted:gsub("%p", "%%%0"):gsub("%%%.%%%.%%%.", ".*")
  return line:find("^" .. pattern .. "$") ~= nil
end

-- The first line of `wanted` that does not follow in `given` (both texts), or nil.
local function missing_line(wanted, given)
  local lines, at = {}, 1
  for line in given:gmatch "[^\n]+" do lines[#lines + 1] = handbook.masked(line) end
  for line in wanted:gmatch "[^\n]+" do
    local sought = handbook.masked(line)
    while lines[at] and not is_shown(lines[at], sought) do at = at + 1 end
    if not lines[at] then return line end
    at = at + 1
  end
end

-- ---- the reader ----

local Reader = {}
Reader.__index = Reader

-- `plateia` serves what lies in `folder` (support.scripts) with the database at `url`. `same(wanted, given)` raises
-- where two values differ.
function handbook.reader(page, plateia, folder, url, same)
  local self = setmetatable({ page = page, same = same, plateia = plateia, folder = folder, url = url,
    scratch = process.temporary_folder "reader", saved = {}, log_from = #plateia:output() + 1 }, Reader)
  process.write_file(self.scratch .. "/kept", "")
  return self
end

-- curl as the reader has it, but that it also keeps each answer: its status, the length of its body, the body. One
-- that goes on and on (-N) is not kept. What a block assigns is known to the next.
local PREFIX = [[
set -a
. "$SCRATCH/kept"
curl() {
    case " $* " in *" -N "*) command curl -sS "$@"; return;; esac
    status=$(command curl -sS -o "$SCRATCH/body" -w '%{http_code}' "$@") || return
    printf '%s %s\n' "$status" "$(wc -c <"$SCRATCH/body")" >>"$SCRATCH/answers"
    cat "$SCRATCH/body" >>"$SCRATCH/answers"
    cat "$SCRATCH/body"
    echo
}
plateia() { command "$TESTED" "$@"; }
]]
local SUFFIX = '\nexport -p >"$SCRATCH/kept"\n'

local function read_answers(path)
  local text, found, at = process.read_file(path), {}, 1
  while at <= #text do
    local _, last, status, length = text:find("^(%d%d%d) (%d+)\n", at)
    found[#found + 1] = { status = status, body = text:sub(last + 1, last + length) }
    at = last + length + 1
  end
  return found
end

-- Types a block's commands; its answers and all that it printed.
function Reader:type_in(text)
  local plateia, scratch = self.plateia, self.scratch
  text = text:gsub("localhost:8080", "localhost:" .. plateia.port)
  text = text:gsub("localhost:9180", "localhost:" .. plateia.admin_port)
  text = text:gsub("%-%-max%-time (%d+)", function(s) return ("--max-time %d"):format(s * loop.patience) end)
  process.write_file(scratch .. "/answers", "")
  process.write_file(scratch .. "/script", PREFIX .. text .. SUFFIX)
  local _, output = process.run("sh", { args = { scratch .. "/script" }, env = { SCRATCH = scratch,
    TESTED = uv.fs_realpath(server.binary()), PLATEIA_DATA = plateia.data, DATABASE_URL = self.url,
    PLATEIA_JWT_SECRET = server.SECRET, PLATEIA_ADMIN_LISTEN = "127.0.0.1:" .. plateia.admin_port,
    PLATEIA_SCRIPTS = self.folder:path "scripts", PLATEIA_SQL = self.folder:path "sql",
    PLATEIA_LOG_FORMAT = "text" } })
  self.answers, self.output = read_answers(scratch .. "/answers"), self:near(output)
end

-- Paths as the page has them.
function Reader:near(text)
  local at = self.folder:path ""
  local first, last = text:find(at, 1, true)
  while first do
    text = text:sub(1, first - 1) .. text:sub(last + 1)
    first, last = text:find(at, first, true)
  end
  return text
end

-- "NNNN" in the name of a migration is the number that comes next.
function Reader:numbered(path)
  if not path:find("/NNNN_", 1, true) then return path end
  local most = 0
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(self.folder:path "sql/migrations")) do
    most = math.max(most, tonumber(name:match "^%d+") or 0)
  end
  return (path:gsub("NNNN", ("%04d"):format(most + 1)))
end

function Reader:save(path, text)
  path = self:numbered(path)
  uv.fs_mkdir(self.folder:path(path:match "^(.*)/"), 493) -- 0755
  self.folder:save(path, text)
  self.saved[path], self.changed = true, true
end

-- A changed line of a file of the tree's: what is kept and what is taken away has to be there.
function Reader:change(block)
  local before, after = {}, {}
  for line in block.text:gmatch "([^\n]*)\n" do
    local sign, rest = line:match "^([ +-])(.*)$"
    assert(sign, ("%s:%d: a line of a diff begins with a space, + or -: %s"):format(self.page, block.line, line))
    if sign ~= "+" then before[#before + 1] = rest end
    if sign ~= "-" then after[#after + 1] = rest end
  end
  self.folder:edit(block.name, table.concat(before, "\n") .. "\n", table.concat(after, "\n") .. "\n")
  self.saved[block.name], self.changed = true, true
end

-- Has the server read what was saved, by an order, which is over when it is answered; the reader's server looks by
-- itself. True, or nil and the answer.
function Reader:serve()
  self.changed = false
  local answer = self.plateia.admin:post("/scripts/reload", { headers = { ["X-Plateia-Admin"] = "1" } })
  return answer.status == 200, answer.body
end

-- The tree as it was.
function Reader:leave()
  for path in pairs(self.saved) do
    if uv.fs_stat(path) then self.folder:restore(path) else self.folder:remove(path) end
  end
  local fine, why = self:serve()
  assert(fine, why)
end

-- ---- what a block has to keep to ----

local kinds = {}

local function save(self, block)
  local path, broken = handbook.place(block.name)
  self:save(path, block.text)
  self.broken = broken
end
kinds.lua, kinds.sql = save, save

function kinds.diff(self, block)
  self:change(block)
  self.broken = false
end

function kinds.sh(self, block)
  if self.changed then
    local fine, why = self:serve()
    if fine == self.broken then
      error(("%s:%d: what was saved is %s: %s"):format(self.page, block.line, fine and "served" or "refused", why), 0)
    end
  end
  self:type_in(block.text)
  local said, given = {}, {}
  for line in block.text:gmatch "[^\n]+" do
    if line:find "curl" and not line:find "curl %-N" then said[#said + 1] = line:match "#%s+(%d%d%d)$" or line end
  end
  for i, answer in ipairs(self.answers) do given[i] = answer.status end
  if table.concat(said, " ") ~= table.concat(given, " ") then
    error(("%s:%d: the page says %s, the server %s:\n%s"):format(self.page, block.line, table.concat(said, " "),
      table.concat(given, " "), self.output), 0)
  end
end

function kinds.json(self, block)
  if block.name ~= "" then return save(self, block) end
  local wanted, given, bodies = values(block.text), {}, {}
  for _, answer in ipairs(self.answers) do
    if answer.body ~= "" then
      bodies[#bodies + 1] = answer.body
      given[#given + 1] = json.decode(answer.body, 1, json.null)
    end
  end
  if not pcall(self.same, alike(wanted), alike(given)) then
    error(("%s:%d: the answers are\n%s"):format(self.page, block.line, table.concat(bodies, "\n")), 0)
  end
end

function kinds.text(self, block)
  if block.name ~= "log" then
    local line = missing_line(block.text, self.output)
    if line then error(("%s:%d: no such line: %s\nin:\n%s"):format(self.page, block.line, line, self.output), 0) end
    return
  end
  local wanted = block.text:gsub("\n  ", " ")
  local function log() return self:near(self.plateia:output():sub(self.log_from)) end
  local fine = pcall(loop.wait_until, "the log has it", 5, function() return not missing_line(wanted, log()) end)
  if not fine then
    error(("%s:%d: no such line: %s\nin the log:\n%s"):format(self.page, block.line, missing_line(wanted, log()),
      log()), 0)
  end
end

-- Raises where the block is not true.
function Reader:try(block)
  local kind = kinds[block.kind]
  if not kind then error(("%s:%d: a block of no kind"):format(self.page, block.line), 0) end
  kind(self, block)
end

function Reader:follow()
  for _, block in ipairs(handbook.blocks(self.page)) do self:try(block) end
  if self.changed then error(self.page .. ": what is saved last is not tried", 0) end
end

return handbook
