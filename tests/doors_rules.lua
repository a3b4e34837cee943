-- doors_rules: who may include and require whom; what tests/doors checks.
--
-- The tables are the house's plan: a new room or library gets its row here, or it is refused. Includes and
-- requires are found by their text, not by a compiler: a breach inside a block comment of C counts too.

-- Library headers, and the only files (or rooms, with a slash at the end) that may see them.
local libraries = {
  { "^microhttpd%.h$", "core/http/server.c", "core/http/answering.c", "core/http/admin.c" },
  { "^libpq", "core/services/db/conn.c", "core/services/db/connector.c" },
  { "^jwt%.h$", "core/services/token.c" },
  { "^jansson%.h$", "core/services/token.c" },
  { "^sodium", "core/services/crypto.c" },
  { "^curl/", "core/services/outbound.c" },
  { "^zlib%.h$", "core/http/gzip.c" },
  { "^lua%.h$", "core/script/", "core/bindings/" },
  { "^lauxlib%.h$", "core/script/", "core/bindings/" },
  { "^lualib%.h$", "core/script/", "core/bindings/" },
  { "^lua%-cjson%.h$", "core/bindings/" },
}

-- The C library and the kernel: for every room.
local system = {}
for name in ([[assert ctype dirent dlfcn errno fcntl fenv float fnmatch ftw getopt glob grp ifaddrs inttypes langinfo
  libgen limits locale malloc math netdb poll pthread pwd regex sched search semaphore setjmp signal spawn stdalign
  stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings syslog termios threads time tgmath
  uchar unistd wchar wctype wordexp]])
  :gmatch "%S+" do
  system[name .. ".h"] = true
end
local system_folders = { sys = true, arpa = true, netinet = true, linux = true }

-- Rooms of the core, and those each may lean on besides itself. "main" is what lies right under core/.
local rooms = {
  base = {},
  services = { "base" },
  exchange = { "base" },
  http = { "exchange", "base" },
  bindings = { "services", "exchange", "base" },
  script = { "bindings", "services", "exchange", "base" },
  assembly = { "script", "http", "exchange", "services", "base" },
  command = { "assembly", "script", "http", "exchange", "services", "base" },
  main = { "command", "services", "base" },
}

-- Folders of Lua, and what each may require besides plateia.*. "app" and "events" are single files.
local shelves = {
  prelude = { "events" }, -- the one list that it holds declarations against
  events = {},
  lib = { "lib" },
  depends = { "depends", "lib" },
  routes = { "depends", "notifications", "lib", "events" },
  adapters = { "adapters", "lib" },
  notifications = { "notifications", "lib" },
  observers = { "notifications", "lib", "events" },
  app = { "adapters", "notifications", "lib", "events" },
}

local domain_words = "movies?|films?|votes?|ballots?"

-- ---------------------------------------------------------------------------------------------------------

local function lines_of(command, root)
  local pipe = assert(io.popen(("cd '%s' && %s"):format(root, command)))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

local function contains(list, item)
  for _, each in ipairs(list) do
    if each == item then return true end
  end
  return false
end

-- "core/http/../base/err.h" -> "core/base/err.h"
local function normal(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part == ".." then table.remove(parts) elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

-- Calls fn(line, number) for each line of a file below root.
local function each_line(root, file, fn)
  local number = 0
  for line in io.lines(root .. "/" .. file) do
    number = number + 1
    fn(line, number)
  end
end

-- --- what is there ---------------------------------------------------------------------------------------

-- { file =, line =, name =, quoted = boolean, target = path under root for quoted ones }
local function includes_of(root)
  local found = {}
  for _, file in ipairs(lines_of("find core -name '*.[ch]' | sort", root)) do
    each_line(root, file, function(line, number)
      local rest = line:match "^%s*#%s*include%s*(.*)"
      if not rest then return end
      local mark, name = rest:match '^([<"])([^>"]+)[>"]'
      local target = mark == '"' and normal(file:match "^(.*)/" .. "/" .. name) or nil
      found[#found + 1] = { file = file, line = number, name = name, text = rest, target = target }
    end)
  end
  return found
end

local function without_comments(text)
  local function blank(comment) return (comment:gsub("[^\n]", "")) end
  text = text:gsub("%-%-%[(=*)%[.-%]%1%]", "\n%0"):gsub("\n(%-%-%[(=*)%[.-%]%2%])", blank)
  return (text:gsub("%-%-[^\n]*", ""))
end

-- { file =, line =, name = or nil where it is not a plain string }
local function requires_of(root)
  local found = {}
  local list = "find scripts core/prelude -name '*.lua' ! -name '*_spec.lua' | sort"
  for _, file in ipairs(lines_of(list, root)) do
    local handle = assert(io.open(root .. "/" .. file))
    local text = without_comments(handle:read "a")
    handle:close()
    local number = 0
    for line in (text .. "\n"):gmatch "(.-)\n" do
      number = number + 1
      for rest in line:gmatch "%f[%w_.:]require%f[^%w_]%s*%(?%s*([^%s,;)]*)" do
        found[#found + 1] = { file = file, line = number, name = rest:match "^[\"']([%w_.%-]+)[\"']$" }
      end
    end
  end
  return found
end

local function room_of(file)
  local room = file:match "^core/([^/]+)/"
  if room then return room end
  return file:match "^core/[^/]+$" and "main" or nil
end

local function shelf_of(file)
  if file:match "^core/prelude/" then return "prelude" end
  return file:match "^scripts/([^/]+)/" or file:match "^scripts/([^/]+)%.lua$"
end

-- --- the rules -------------------------------------------------------------------------------------------
-- Each is { name, function(tree, refuse) }, where refuse(place, sentence) notes a breach.

local function door_of(name)
  for _, library in ipairs(libraries) do
    if name:match(library[1]) then return library end
  end
end

local function at_door(library, file)
  for i = 2, #library do
    local door = library[i]
    if file == door or (door:sub(-1) == "/" and file:sub(1, #door) == door) then return true end
  end
  return false
end

local function one_door_per_library(tree, refuse)
  for _, include in ipairs(tree.includes) do
    local library = include.name and door_of(include.name)
    if library and not at_door(library, include.file) then
      refuse(include, "<" .. include.name .. "> belongs to " .. table.concat(library, ", ", 2))
    end
  end
end

local function of_the_system(name)
  return system[name] or system_folders[name:match "^(%w+)/"]
end

local function no_stranger(tree, refuse)
  for _, include in ipairs(tree.includes) do
    local name = include.name
    if not name then
      refuse(include, "an include must name its file")
    elseif not (include.target or door_of(name) or of_the_system(name)) then
      refuse(include, "<" .. name .. "> is of no library that has a door")
    end
  end
end

local function rooms_lean_down(tree, refuse)
  for _, include in ipairs(tree.includes) do
    local from = room_of(include.file)
    local to = include.target and room_of(include.target)
    if include.target and not to then
      refuse(include, '"' .. include.name .. '" leads out of core/')
    elseif to and not rooms[from] then
      refuse(include, "core/" .. from .. "/ is no room of the plan")
    elseif to and to ~= from and not contains(rooms[from], to) then
      refuse(include, from .. " must not know " .. to)
    end
  end
end

local function includes_run_in_no_circle(tree, refuse)
  local edges, state, trail = {}, {}, {}
  for _, include in ipairs(tree.includes) do
    if include.target then
      edges[include.file] = edges[include.file] or {}
      table.insert(edges[include.file], include)
    end
  end
  local function visit(file)
    state[file] = "open"
    trail[#trail + 1] = file
    for _, include in ipairs(edges[file] or {}) do
      if state[include.target] == "open" then
        refuse(include, "a circle: " .. table.concat(trail, " > ") .. " > " .. include.target)
      elseif not state[include.target] then
        visit(include.target)
      end
    end
    trail[#trail] = nil
    state[file] = "done"
  end
  for _, include in ipairs(tree.includes) do
    if not state[include.file] then visit(include.file) end
  end
end

local function scripts_lean_down(tree, refuse)
  for _, call in ipairs(tree.requires) do
    local from = shelf_of(call.file)
    local to = call.name and call.name:match "^[^.]+"
    if not shelves[from] then
      refuse(call, "scripts/" .. from .. " is no shelf of the plan")
    elseif not call.name and from ~= "prelude" then -- the prelude is what loads scripts by name
      refuse(call, "a script names what it requires in plain quotes")
    elseif to and to ~= "plateia" and not contains(shelves[from], to) then
      refuse(call, from .. " must not require " .. call.name)
    elseif call.name == "plateia.raw" and from ~= "prelude" then
      refuse(call, "plateia.raw is for the prelude alone")
    end
  end
end

local function core_knows_no_domain(tree, refuse)
  for _, hit in ipairs(lines_of("grep -rniwE '" .. domain_words .. "' core/", tree.root)) do
    local file, line, text = hit:match "^([^:]+):(%d+):(.*)"
    refuse({ file = file or hit, line = line or 0 }, "a word of the domain: " .. (text or ""))
  end
end

local rules = {
  { "one door per library", one_door_per_library },
  { "no library without a door", no_stranger },
  { "rooms lean only on those below", rooms_lean_down },
  { "includes run in no circle", includes_run_in_no_circle },
  { "scripts require only what they may", scripts_lean_down },
  { "the core has no word of the domain", core_knows_no_domain },
}

-- Returns a list of { name = rule, breaches = { "file:line: sentence", ... } }.
local function check(root)
  local tree = { root = root, includes = includes_of(root), requires = requires_of(root) }
  local report = {}
  for i, rule in ipairs(rules) do
    local breaches = {}
    rule[2](tree, function(place, sentence)
      breaches[#breaches + 1] = ("%s:%d: %s"):format(place.file, place.line, sentence)
    end)
    report[i] = { name = rule[1], breaches = breaches }
  end
  return report, tree
end

return { rules = rules, check = check }
