-- process: starts programs, knows how they end, leaves none behind.
--
-- Each is started through setpriv, which keeps its process id: with a parent-death signal, so that nothing
-- outlives the tests even when they are killed, and as another user where one is named.

local uv = require "luv"
local loop = require "support.loop"

local process = {}

local Process = {}
Process.__index = Process

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end
process.read_file = read_file

function process.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

function process.is_root()
  return uv.getuid() == 0
end

-- A new folder under the run's own (TMPDIR), removed by whoever made the run's. Others may pass through it.
function process.temporary_folder(name)
  local folder = assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/" .. name .. "-XXXXXX"))
  assert(uv.fs_chmod(folder, 493)) -- 0755
  return folder
end

local function environment(extra)
  local merged = { PATH = os.getenv "PATH", HOME = os.getenv "HOME" or "/", LC_ALL = "C.UTF-8",
    TMPDIR = os.getenv "TMPDIR" }
  for name, value in pairs(extra or {}) do merged[name] = value end
  local list = {}
  for name, value in pairs(merged) do list[#list + 1] = name .. "=" .. value end
  return list
end

-- A pipe for the program's standard output or error; all that comes through it goes to fn. `ended` is called
-- when the other end is closed.
local function pipe_to(fn, ended)
  local pipe = uv.new_pipe(false)
  return pipe, function()
    pipe:read_start(function(_, chunk)
      if chunk then return fn(chunk) end
      pipe:close()
      ended()
    end)
  end
end

local function arguments(program, options)
  local args = { "--pdeathsig", options.signal or "TERM" }
  if options.user and process.is_root() then
    table.move({ "--reuid", options.user, "--regid", options.user, "--clear-groups" }, 1, 5, #args + 1, args)
  end
  args[#args + 1] = "--"
  args[#args + 1] = program
  return table.move(options.args or {}, 1, #(options.args or {}), #args + 1, args)
end

-- options: args, env (added to a small clean environment), cwd, user (when we are root), signal (sent when we
-- die: "TERM" unless told), log (a file that gets what it prints) or output (called with each piece of it);
-- without either it prints where we do
function process.start(program, options)
  local self = setmetatable({ log = options.log, name = program:match "[^/]+$" }, Process)
  local open = 1 -- the process itself, and pipes that it still may write to
  local function closed()
    open = open - 1
    self.ended = open == 0
    if self.ended and self.on_end then self.on_end() end
  end
  local out, err, read_out, read_err = 1, 2, nil, nil
  if options.log then
    out = assert(uv.fs_open(options.log, "a", 420)) -- 0644
    err = out
  elseif options.output then
    open = 3
    out, read_out = pipe_to(options.output, closed)
    err, read_err = pipe_to(options.output, closed)
  end
  local handle, pid = uv.spawn("setpriv", {
    args = arguments(program, options), env = environment(options.env), cwd = options.cwd, stdio = { nil, out, err },
  }, function(code, signal)
    self.code, self.ended_by = code, signal
    self.handle:close()
    closed()
  end)
  assert(handle, "cannot start " .. program .. ": " .. tostring(pid))
  self.handle, self.pid = handle, pid
  if options.log then uv.fs_close(out) end
  if read_out then read_out() read_err() end
  return self
end

-- As far as the event loop has heard: wait or sleep to let it hear.
function Process:running()
  return self.code == nil
end

function Process:signal(name)
  if self:running() then uv.kill(self.pid, "sig" .. name) end
end

-- Its exit code and the signal that ended it (0: none); raises when it still runs after that time.
function Process:wait(seconds)
  if not self.ended then
    local _, why = loop.await(seconds, function(done) self.on_end = function() done(true) end end)
    if why then error(("%s (%d) did not end within %g s:\n%s"):format(self.name, self.pid, seconds, self:tail()), 2) end
  end
  return self.code, self.ended_by
end

function Process:output()
  return self.log and read_file(self.log) or ""
end

-- The end of what it printed, for messages.
function Process:tail()
  return self:output():sub(-3000)
end

-- Runs a program to its end: its exit code and all it printed. options as for start, and seconds.
function process.run(program, options)
  local parts = {}
  options.output = function(chunk) parts[#parts + 1] = chunk end
  local code = process.start(program, options):wait(options.seconds or 60)
  return code, table.concat(parts)
end

-- Ids of the running processes that fn(id, command line, working directory) is true for.
function process.find(fn)
  local found = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir "/proc") do
    local id = math.tointeger(tonumber(name))
    local file = id and io.open("/proc/" .. name .. "/cmdline", "rb")
    if file then
      local command = (file:read "a" or ""):gsub("\0", " ")
      file:close()
      if fn(id, command, uv.fs_readlink("/proc/" .. name .. "/cwd")) then found[#found + 1] = id end
    end
  end
  return found
end

-- Processes at work in a folder or below it, whatever they call themselves.
function process.working_in(folder)
  return process.find(function(_, _, cwd) return ((cwd or "") .. "/"):sub(1, #folder + 1) == folder .. "/" end)
end

return process
