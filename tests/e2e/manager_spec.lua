-- What a service manager hears, and what process 1 of a container owes those it inherits.

local uv = require "luv"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

describe("a service manager", function()
  -- It prints what it is told, a line each. In Perl, which every Debian has, as luv knows no unix datagrams.
  local MANAGER = [[
    use Socket;
    my ($hears, $state);
    $| = 1;
    socket($hears, AF_UNIX, SOCK_DGRAM, 0) && bind($hears, pack_sockaddr_un($ARGV[0])) || die "no socket: $!";
    print "listening\n";
    print "$state\n" while defined recv($hears, $state, 4096, 0);
  ]]

  it("hears that the doors are open, and that they are being closed", function()
    local folder = process.temporary_folder "manager"
    local manager = process.start("perl", { args = { "-e", MANAGER, folder .. "/socket" }, log = folder .. "/heard" })
    loop.wait_until("the manager listens", 10, function() return manager:output():find "listening" end)
    local plateia = server.launch { settings = { NOTIFY_SOCKET = folder .. "/socket" } }
    loop.wait_until("READY=1", 60, function() return manager:output():find "READY=1" end)
    assert.is_true(plateia:ready())
    assert.falsy(manager:output():find "STOPPING")
    plateia:stop()
    loop.wait_until("STOPPING=1", 10, function() return manager:output():find "STOPPING=1" end)
    manager:signal "term"
    manager:wait(10)
  end)

  it("that does not listen costs a line in the log", function()
    local plateia = server.start { settings = { NOTIFY_SOCKET = "/nowhere/at/all" } }
    assert.truthy(plateia:output():find("the service manager was not told", 1, true))
    plateia:stop()
  end)
end)

-- The fields of /proc/ID/stat behind the name: state, parent, ...
local function stat(id)
  local file = io.open(("/proc/%d/stat"):format(id))
  if not file then return end
  local text = file:read "a" or ""
  file:close()
  return text:match "%) (%a) (%d+)"
end

local function children(parent, wanted)
  local found = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir "/proc") do
    local id = math.tointeger(tonumber(name))
    local state, its_parent
    if id then state, its_parent = stat(id) end
    if state and tonumber(its_parent) == parent and (not wanted or state == wanted) then found[#found + 1] = id end
  end
  return found
end

describe("process 1 of a container", function()
  it("reaps those that lost their parent", function()
    if not server.can_contain() then return pending "process id namespaces cannot be made here" end
    local plateia = server.start { contained = true }
    local first = children(plateia.process.pid)[1] -- unshare's child
    local postmaster = children(first)[1]
    assert(#children(postmaster) > 2) -- PostgreSQL's own helpers, which are to lose their parent
    uv.kill(postmaster, "sigkill")
    loop.wait_until("PostgreSQL is there again", 30, function()
      local now = children(first)[1]
      return now and now ~= postmaster and plateia:ready()
    end)
    loop.wait_until("nobody waits to be buried", 10, function()
      local dead = children(first, "Z")
      return #dead == 0, #dead .. " do"
    end)
    uv.kill(first, "sigterm") -- unshare would keep it to itself
    assert.equal(0, (plateia.process:wait(30)))
    plateia:check_output()
  end)
end)
