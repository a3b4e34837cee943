-- Loads the house's Lua as the core does: the prelude with the standard library over the double of plateia.raw;
-- scripts in an environment that has no more than the core's sandbox gives them, and that refuses globals.
-- Stricter than the core in one thing: reading a global that does not exist raises.

local PUBLIC = {}
for name in ([[all background bundle bus cache channels clock crypto db depend fail field json jwt log metrics password
  openapi route settings stream throttle]]):gmatch "%w+" do
  PUBLIC["plateia." .. name] = true
end

local BASE = {
  "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "select", "setmetatable", "tonumber",
  "tostring", "type", "_VERSION",
}
local WITHOUT = { math = { random = true, randomseed = true }, string = { dump = true } }

-- A read-only view, as scripts get their libraries and the prelude's modules.
local function view(value)
  if type(value) ~= "table" then return value end
  return setmetatable({}, {
    __index = value,
    __newindex = function(_, key) error(("\"%s\" cannot be set here"):format(tostring(key)), 2) end,
    __metatable = false,
  })
end

local function library(name)
  local copy = {}
  for key, value in pairs(_G[name]) do
    if not (WITHOUT[name] and WITHOUT[name][key]) then copy[key] = value end
  end
  return view(copy)
end

local function script_require(name)
  if name:find "^plateia%." then
    if not PUBLIC[name] then error("there is no module \"" .. name .. "\"", 2) end
    return view(require(name))
  end
  return require(name)
end

local function script_environment()
  local base = { require = script_require, print = function() end }
  for _, name in ipairs(BASE) do base[name] = _G[name] end
  for _, name in ipairs { "math", "string", "table", "utf8" } do base[name] = library(name) end
  base.os = view { clock = os.clock, date = os.date, time = os.time }
  return setmetatable({}, {
    __index = function(_, key)
      local value = base[key]
      if value == nil then error("there is no global " .. tostring(key), 2) end
      return value
    end,
    __newindex = function(_, key) error("a script set the global " .. tostring(key), 2) end,
  })
end

local function load_file(path, chunk, environment)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return assert(load(text, chunk or "@" .. path, "t", environment or _G))
end

local function search(name)
  if name == "plateia.raw" then return load_file "tests/spec/support/raw.lua" end
  local prelude = name:match "^plateia%.(%w+)$"
  if prelude then return load_file("core/prelude/" .. prelude .. ".lua", "=prelude/" .. prelude .. ".lua") end
  local path = "scripts/" .. name:gsub("%.", "/")
  return load_file(path .. ".lua", nil, script_environment())
    or load_file(path .. "/init.lua", nil, script_environment())
    or ("\n\tno script " .. path .. ".lua")
end

table.insert(package.searchers, 2, search)
