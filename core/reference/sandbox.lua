---@meta _

--- The standard library, as far as scripts have it: `assert error getmetatable ipairs next pairs pcall print require
--- select setmetatable tonumber tostring type _VERSION`, `math` (without `random`), `string` (without `dump`), `table`,
--- `utf8`, and of `os` what stands here. There is no `io`, `load`, `debug`, `coroutine`, `package`, `rawset`, `xpcall`
--- or `collectgarbage`. What is there is read-only, and no script can set a global. `print` writes a line of the log.
os = {}

--- Seconds of processor time that the process has used.
---@return number seconds
function os.clock() end

--- A time as text or, of a format that begins with `*t`, as a table.
---@param format? string as strftime has it
---@param time? integer seconds since 1970
---@return string|table
function os.date(format, time) end

--- Seconds since 1970, of now or of a table.
---@param table? table year, month, day, hour, min, sec
---@return integer seconds
function os.time(table) end

--- A module of the script folder (`require "lib.things"`) or of the server (`require "plateia.db"`). Names stand in
--- plain quotes. Raises where there is none.
---@param name string
---@return any module
function require(name) end
