-- The prelude's small modules, and what scripts see of them.

local raw = require "plateia.raw"
local world = require "tests.spec.support.world"

before_each(world.reset)

describe("plateia.all", function()
  it("gives what the files of a folder return, in the order of names", function()
    package.loaded["things.a"], package.loaded["things.b"] = { name = "a" }, { name = "b" }
    world.folders.things = { "things.a", "things.b" }
    assert.same({ { name = "a" }, { name = "b" } }, require "plateia.all" "things")
  end)

  it("refuses a file that returns no declaration", function()
    package.loaded["things.c"] = true
    world.folders.things = { "things.c" }
    local fine, why = pcall(require "plateia.all", "things")
    assert.is_false(fine)
    assert.equal("things.c returns a boolean, not a declaration", why)
  end)

  it("remembers where each stands, for messages", function()
    local origin = require "plateia.origin"
    local routes = require "plateia.all" "routes"
    assert.matches("^scripts/routes/me.lua:%d+$", origin.of(routes[1]))
    assert.is_nil(origin.of {})
    local at = origin.of(routes[1])
    local number = 0
    for line in io.lines(at:match "^[^:]+") do
      number = number + 1
      if number == tonumber(at:match "%d+$") then assert.matches("^return", line) end
    end
  end)
end)

describe("plateia.log", function()
  it("has a function for each level", function()
    local log = require "plateia.log"
    for _, level in ipairs { "debug", "info", "warn", "error" } do log[level]("m", { a = 1 }) end
    assert.equal(4, #world.logged)
    assert.same({ level = "warn", message = "m", fields = { a = 1 } }, world.logged[3])
    log.flush()
    assert.equal(4, world.flushed)
  end)
end)

describe("plateia.bundle", function()
  it("reads a data file of the script folder", function()
    world.files["lib/data.txt"] = "text"
    assert.equal("text", require "plateia.bundle" "lib/data.txt")
    assert.same({ nil, "there is no file lib/none.txt", "not_found" }, { require "plateia.bundle" "lib/none.txt" })
  end)
end)

describe("the thin modules", function()
  it("hand out the core's own functions", function()
    for _, name in ipairs { "json", "jwt", "password", "crypto", "cache", "clock", "settings" } do
      assert.equal(raw[name], require("plateia." .. name), name)
    end
  end)
end)

describe("plateia.options", function()
  it("finds the place of a declaration, or says none rather than a wrong one", function()
    local place = require "plateia.place"
    local line = debug.getinfo(1, "l").currentline + 1
    local found = place()
    assert.matches("modules_spec.lua:" .. line .. "$", found)
    local function tail() return place() end
    assert.is_nil((tail()))
  end)
end)

describe("plateia.sized", function()
  it("makes a new empty table each time", function()
    local new = require "plateia.sized" (5)
    local one, two = new(), new()
    assert.is_nil(next(one))
    assert.not_equal(one, two)
  end)
end)

describe("what scripts see", function()
  local function script(text)
    world.count = (world.count or 0) + 1
    local path = "scripts/spec_made.lua"
    local open = io.open
    local file = { read = function() return text end, close = function() end }
    io.open = function(name, ...) -- luacheck: ignore 122
      if name == path then return file end
      return open(name, ...)
    end
    package.loaded.spec_made = nil
    local results = table.pack(pcall(require, "spec_made"))
    io.open = open -- luacheck: ignore 122
    return table.unpack(results, 1, 2)
  end

  it("is the public modules only", function()
    assert.is_true((script 'return require "plateia.db"'))
    for _, name in ipairs { "raw", "boot", "pipeline", "failure" } do
      local fine, why = script(('return require "plateia.%s"'):format(name))
      assert.is_false(fine)
      assert.matches("there is no module", why)
    end
  end)

  it("has no globals to set and no missing ones to read", function()
    assert.is_false((script "x = 1 return {}"))
    assert.is_false((script "return { x }"))
    for _, name in ipairs { "io", "debug", "load", "coroutine", "package", "collectgarbage", "xpcall", "rawset" } do
      assert.is_false((script("return { " .. name .. " }")), name)
    end
  end)

  it("cannot change a module under another script", function()
    assert.is_false((script 'require("plateia.fail").busy = 1 return {}'))
    assert.is_false((script 'string.format = nil return {}'))
  end)
end)
