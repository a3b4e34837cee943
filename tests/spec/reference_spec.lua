-- What is said of the prelude, in core/reference, is what the prelude has: no more, no less. Where this fails, the
-- message says what is missing and where it belongs.

package.path = "./docs/?.lua;" .. package.path

local reference = require "reference"
local request = require "plateia.request"
local world = require "tests.spec.support.world"

local modules, by_name = reference.read(), {}
for _, module in ipairs(modules) do by_name[module.short] = module end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function sorted(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Names in a C array of texts of core/script/sandbox.c.
local sandbox = read "core/script/sandbox.c"
local function listed(array)
  local names = {}
  for name in sandbox:match(array .. "%[%] = {(.-)};"):gmatch '"([^"]+)"' do names[name] = true end
  return names
end

-- Adds to `problems` what one has and the other has not, where NAME stands for it.
local function compare(problems, has, said, missing, surplus)
  for _, name in ipairs(sorted(has)) do
    if not said[name] then problems[#problems + 1] = missing:gsub("NAME", name) end
  end
  for _, name in ipairs(sorted(said)) do
    if not has[name] then problems[#problems + 1] = surplus:gsub("NAME", name) end
  end
end

local function none(problems)
  if #problems > 0 then problems[#problems + 1] = "Then ./dev reference writes docs/reference.md anew." end
  assert.equal("", table.concat(problems, "\n"))
end

before_each(world.reset)

describe("the reference", function()
  it("has a file for each public module", function()
    local problems, described = {}, {}
    for name in pairs(by_name) do
      if name ~= "plateia" and name ~= "sandbox" then described[name] = true end
    end
    local public = listed "public_modules"
    public.test = true -- to specs
    compare(problems, public, described,
      "plateia.NAME is public (core/script/sandbox.c) and not described: add core/reference/NAME.lua",
      "core/reference/NAME.lua is of no public module: add NAME to core/script/sandbox.c, or remove the file")
    none(problems)
  end)

  it("knows what each module has", function()
    local problems = {}
    for name in pairs(listed "public_modules") do
      local module, exported = by_name[name], require("plateia." .. name)
      if module and type(exported) == "table" then
        local has = {}
        for key in pairs(exported) do has[key] = true end
        compare(problems, has, reference.keys(module),
          ("plateia.%s.NAME is not described: add `function %s.NAME(...) end` with its lines to %s")
            :format(name, name, module.path),
          ("%s describes NAME, which plateia.%s has not: take it out"):format(module.path, name))
      elseif module and not module.call then
        problems[#problems + 1] = ("plateia.%s is a %s: %s describes a table"):format(name, type(exported), module.path)
      end
    end
    none(problems)
  end)

  it("knows what specs have", function()
    local has, problems, source = {}, {}, read "core/prelude/test.lua" -- read: it would take the place of other modules
    for name in source:gmatch "\nfunction test%.([%w_]+)" do has[name] = true end
    for method in source:match "for _, method in ipairs {(.-)}":gmatch "%u+" do has[method:lower()] = true end
    compare(problems, has, reference.keys(by_name.test),
      "plateia.test.NAME is not described: add `function test.NAME(...) end` with its lines to core/reference/test.lua",
      "core/reference/test.lua describes NAME, which plateia.test has not: take it out")
    none(problems)
  end)

  -- Of a declared class: where its methods are.
  local function check_methods(module, class, methods)
    local has, problems = {}, {}
    for name in pairs(methods) do
      if not name:find "^_" then has[name] = true end
    end
    local variable = class:match "[^.]+$"
    compare(problems, has, assert(reference.methods(by_name[module], class)),
      ("the method NAME is not described: add `function %s:NAME(...) end` with its lines to core/reference/%s.lua")
        :format(variable, module),
      ("core/reference/%s.lua describes %s:NAME, which there is not: take it out"):format(module, variable))
    none(problems)
  end

  it("knows what a request has", function()
    local index = debug.getmetatable(request.new {}).__index
    local number, methods = 0, nil
    repeat
      number = number + 1
      local name, value = debug.getupvalue(index, number)
      if name == "methods" then methods = value end
    until not name
    check_methods("plateia", "plateia.Request", assert(methods, "core/prelude/request.lua keeps them in `methods`"))
  end)

  it("knows what a transaction has", function()
    local tx = world.drive(require("plateia.db").transaction)
    check_methods("db", "plateia.db.Transaction", debug.getmetatable(tx).__index)
    tx:close()
  end)

  it("knows what an attempt has", function()
    local attempt = require "plateia.throttle" (nil, {})
    check_methods("throttle", "plateia.throttle.Attempt", debug.getmetatable(attempt).__index)
  end)

  -- A declaration with a wrong key is refused with all the right ones.
  local function check_keys(module, class, declare)
    local fine, why = pcall(declare)
    assert.is_false(fine)
    local has, said, problems = {}, {}, {}
    for name in why:match "there are: ([^\n]*)":gmatch "[%w_]+" do has[name] = true end
    local function add(name)
      for _, block in ipairs(by_name[module].types) do
        if block.class == name then
          for _, field in ipairs(block.fields) do said[field.name] = true end
          if block.parent then add(block.parent) end
        end
      end
    end
    add(class)
    compare(problems, has, said,
      ("the key NAME is not described: add `---@field NAME ...` to %s in core/reference/%s.lua"):format(class, module),
      ("core/reference/%s.lua: %s has no key NAME: take it out"):format(module, class))
    none(problems)
  end

  it("knows what may be declared", function()
    local field, route = require "plateia.field", require "plateia.route"
    local form = { [200] = { n = field.integer {} } }
    check_keys("route", "plateia.Route", function() route.get "/" { zz = 1 } end)
    check_keys("route", "plateia.route.Cached", function()
      route.get "/" { answers = form, handler = print, cached = { zz = 1 } }
    end)
    check_keys("depend", "plateia.Depend", function() require "plateia.depend" { zz = 1 } end)
    check_keys("field", "plateia.field.Bounds", function() field.integer { zz = 1 } end)
    check_keys("field", "plateia.field.Bounds", function() field.number { zz = 1 } end)
    check_keys("field", "plateia.field.Text", function() field.string { zz = 1 } end)
    check_keys("field", "plateia.field.Common", function() field.boolean { zz = 1 } end)
    check_keys("field", "plateia.field.Items", function() field.list { zz = 1 } end)
    check_keys("field", "plateia.field.Named", function() field.object({}, { zz = 1 }) end)
    check_keys("plateia", "plateia.App", function() require "plateia.boot" { zz = 1 } end)
    check_keys("plateia", "plateia.Channel", function() require "plateia.channels" { { zz = 1 } } end)
    check_keys("plateia", "plateia.Observer", function()
      require "plateia.boot" { observers = { { run = function() end, zz = 1 } } }
    end)
  end)

  -- How many a function takes can be seen of what is written in Lua. One that takes `...` without a word of it refuses
  -- it.
  it("takes what the functions take", function()
    local problems = {}
    for name in pairs(listed "public_modules") do
      local module, exported = by_name[name], require("plateia." .. name)
      local calls = type(exported) == "table" and module.functions or { module.call }
      for _, block in ipairs(calls) do
        local fn = exported
        if type(exported) == "table" then fn = rawget(exported, block.name) end
        local info = fn and debug.getinfo(fn, "Su") or { source = "none: told above" }
        local last = block.params[#block.params]
        local open = last ~= nil and last.name == "..."
        local count = open and #block.params - 1 or #block.params
        if info.source:find "^=prelude" and (count ~= info.nparams or open and not info.isvararg) then
          problems[#problems + 1] = ("%s:%d: %s takes %d parameters%s, not %d"):format(module.path, block.line,
            block.name, info.nparams, info.isvararg and " and more" or "", count)
        end
      end
    end
    none(problems)
  end)

  it("is whole: each function has words, and a line for each of its parameters", function()
    local problems = {}
    local function check(module, block)
      local names = {}
      for i, param in ipairs(block.params) do names[i] = param.name end
      if "(" .. table.concat(names, ", ") .. ")" ~= block.arguments then
        problems[#problems + 1] = ("%s:%d: the @param lines of %s are not its parameters"):format(module.path,
          block.line, block.name)
      end
      if not block.text[1] then
        problems[#problems + 1] = ("%s:%d: nothing is said of %s"):format(module.path, block.line, block.name)
      end
    end
    for _, module in ipairs(modules) do
      for _, block in ipairs(module.functions) do check(module, block) end
      if module.call then check(module, module.call) end
      for _, class in ipairs(module.types) do
        for _, method in ipairs(class.methods or {}) do check(module, method) end
      end
      assert.truthy(module.text and module.text[1], module.path .. ": nothing is said of the module")
      assert.truthy(module.name == "_" or module.name == (module.short == "plateia" and "plateia" or "plateia."
        .. module.short), module.path .. ": @meta names the module")
      assert(load(read(module.path), "@" .. module.path, "t"))
    end
    none(problems)
  end)

  it("names only types that there are", function()
    local known, problems = {}, {}
    for _, module in ipairs(modules) do
      known[module.name] = true
      for _, block in ipairs(module.types) do known[block.class or block.alias] = true end
    end
    for _, module in ipairs(modules) do
      local number = 0
      for line in io.lines(module.path) do
        number = number + 1
        local annotation = line:match "^%-%-%-@[prfac]%w+ (.*)$"
        for name in (annotation or ""):gmatch "plateia%.[%w_.]*[%w_]" do
          if not known[name] then
            problems[#problems + 1] = ("%s:%d: there is no %s"):format(module.path, number, name)
          end
        end
      end
    end
    none(problems)
  end)

  it("tells luacheck what the sandbox has", function()
    local told = {}
    local environment = setmetatable({}, { __index = { stds = told, files = {} } })
    assert(load(read "core/reference/luacheckrc", "=luacheckrc", "t", environment))()
    local globals, problems = told.plateia.read_globals, {}
    local base = { print = true, require = true, setmetatable = true }
    for name in pairs(listed "base_names") do base[name] = true end
    local said = {}
    for _, name in ipairs(globals) do said[name] = true end
    local file = "core/reference/luacheckrc: "
    compare(problems, base, said, file .. "add NAME", file .. "the sandbox has no NAME")
    for _, library in ipairs { "math", "os", "string", "table", "utf8" } do
      local fields = {}
      for _, name in ipairs(globals[library].fields) do fields[name] = true end
      compare(problems, listed(library .. "_names"), fields, file .. "add " .. library .. ".NAME",
        file .. "the sandbox has no " .. library .. ".NAME")
    end
    none(problems)
  end)

  it("is what docs/reference.md shows", function()
    if read "docs/reference.md" ~= reference.manual(modules) then
      assert.equal("", "docs/reference.md is not what core/reference says: ./dev reference writes it anew")
    end
  end)
end)
