-- scripts: a copy of the tree's scripts and queries for a server of a test's own, to be edited while it serves.

local uv = require "luv"
local process = require "support.process"

local scripts = {}

local Scripts = {}
Scripts.__index = Scripts

-- `settings` names the two folders for server.start.
function scripts.copy()
  local folder = process.temporary_folder "scripts"
  local code, text = process.run("cp", { args = { "-r", "scripts", "sql", folder } })
  assert(code == 0, text)
  return setmetatable({ folder = folder, settings = { PLATEIA_SCRIPTS = folder .. "/scripts",
    PLATEIA_SQL = folder .. "/sql" } }, Scripts)
end

-- Paths are as in the tree: "scripts/routes/x.lua", "sql/queries/x.sql".
function Scripts:path(name)
  return self.folder .. "/" .. name
end

function Scripts:read(name)
  return process.read_file(self:path(name))
end

-- As an editor that is careful: a new file, renamed over the old one.
function Scripts:save(name, text)
  local path = self:path(name)
  process.write_file(path .. ".new", text)
  assert(uv.fs_rename(path .. ".new", path))
end

-- Replaces the words once, which must be there.
function Scripts:edit(name, words, by)
  local text = self:read(name)
  local first, last = text:find(words, 1, true)
  assert(first, name .. " has no " .. words)
  self:save(name, text:sub(1, first - 1) .. by .. text:sub(last + 1))
end

function Scripts:remove(name)
  assert(uv.fs_unlink(self:path(name)))
end

-- The tree's own again.
function Scripts:restore(name)
  self:save(name, process.read_file(name))
end

return scripts
