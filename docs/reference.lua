-- reference: reads core/reference, where every function that scripts may call is described once, and makes the manual
-- of it. `plateia stubs` hands out the same files to editors.
--
--   lua5.4 docs/reference.lua >docs/reference.md      (./dev reference)
--
-- The files are Lua with the annotations of LuaCATS (luals.github.io/wiki/annotations): a block of `---` lines, and the
-- declaration below it. `@async` says that a call waits; a result named `code` holds the codes of failure.

local reference = {}

local FOLDER = "core/reference/"

-- ---- reading ----

-- Cuts the type off the front of "async fun(a: b): c?, d? and what is said of it": a space ends it, but not within
-- brackets nor behind what cannot be its end.
local function cut_type(text)
  local depth, at = 0, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char:find "[%(%[{<]" then depth = depth + 1 end
    if char:find "[%)%]}>]" then depth = depth - 1 end
    local before = text:sub(1, at - 1)
    if char == " " and depth == 0 and not before:find "[:|,]$" and before ~= "async" then break end
    at = at + 1
  end
  return text:sub(1, at - 1), text:sub(at + 1)
end

local function cut_word(text)
  return text:match "^(%S*)%s*(.*)$"
end

-- "name?" may be left out.
local function named(name, kind, said)
  return { name = name:gsub("%?$", ""), optional = name:find "%?$" ~= nil, type = kind, said = said }
end

local tags = {}

function tags.meta(block, text) block.meta = text end
function tags.async(block) block.async = true end
function tags.generic() end
function tags.operator() end

function tags.class(block, text)
  local name, parent = text:match "^([%w._]+):?%s*(.*)$"
  block.class, block.parent = name, parent ~= "" and parent or nil
end

function tags.alias(block, text)
  block.alias, block.type = cut_word(text)
end

-- Of "name? type what is said", "[type] type what is said" too.
function tags.field(block, text)
  local name, rest = text:match "^(%b[])%s*(.*)$"
  if not name then name, rest = cut_word(text) end
  local kind, said = cut_type(rest)
  table.insert(block.fields, named(name, kind, said))
end

function tags.param(block, text)
  local name, rest = cut_word(text)
  local kind, said = cut_type(rest)
  table.insert(block.params, named(name, kind, said))
end

tags["return"] = function(block, text)
  local kind, rest = cut_type(text)
  local name, said = cut_word(rest)
  table.insert(block.returns, { type = kind, name = name, said = said })
end

local function new_block(line)
  return { line = line, text = {}, params = {}, returns = {}, fields = {}, choices = {} }
end

local function read_comment(block, line)
  local tag, rest = line:match "^%-%-%-@(%w+)%s*(.*)$"
  local choice, said = line:match '^%-%-%-|%s*(%b"")%s*#?%s*(.*)$'
  if tag then
    assert(tags[tag], "line " .. block.line .. ": @" .. tag .. " is none of the tags that docs/reference.lua knows")
    tags[tag](block, rest)
  elseif choice then
    table.insert(block.choices, { name = choice, said = said })
  else
    table.insert(block.text, (line:gsub("^%-%-%- ?", "")))
  end
end

-- What is declared below a block: a function of an owner, a function alone, or an owner.
local function read_declaration(block, line)
  block.owner, block.mark, block.name = line:match "^function ([%w_]+)([.:])([%w_]+)%("
  if not block.owner then block.name = line:match "^local function ([%w_]+)%(" or line:match "^function ([%w_]+)%(" end
  block.variable = line:match "^local ([%w_]+) = {}" or line:match "^([%w_]+) = {}"
  block.arguments = line:match "(%b())"
end

local function read_file(path)
  local blocks, block, number, returned = {}, nil, 0, nil
  for line in io.lines(path) do
    number = number + 1
    if line:find "^%-%-%-" then
      block = block or new_block(number)
      read_comment(block, line)
    elseif block then
      read_declaration(block, line)
      blocks[#blocks + 1], block = block, nil
    end
    returned = line:match "^return ([%w_]+)$" or returned
  end
  if block then blocks[#blocks + 1] = block end
  return blocks, returned
end

-- A module: { name, path, text, functions, types, fields, call = its block where it is a function itself }
local function read_module(path)
  local blocks, returned = read_file(path)
  local module = { name = blocks[1].meta, path = path, functions = {}, types = {}, fields = {} }
  local classes = {}
  for _, block in ipairs(blocks) do
    if block.variable and block.class then classes[block.variable] = block end
    if block.meta then
      assert(block == blocks[1], path .. ": @meta stands first")
    elseif block.variable and block.variable == returned then
      module.text, module.fields = block.text, block.fields
    elseif block.name and not block.owner and block.name == returned then
      module.call, module.text = block, block.text
    elseif block.owner and block.owner == returned then
      table.insert(module.functions, block)
    elseif block.owner and classes[block.owner] then
      local class = classes[block.owner]
      class.methods = class.methods or {}
      table.insert(class.methods, block)
    elseif block.class or block.alias then
      table.insert(module.types, block)
    elseif block.name then
      table.insert(module.functions, block)
    elseif #block.text > 0 and not module.text then
      module.text = block.text
    end
  end
  return module
end

-- All of them, in the manual's order: what is common first, the sandbox last.
function reference.read(folder)
  folder = folder or FOLDER
  local names, modules = {}, {}
  local list = assert(io.popen("ls '" .. folder .. "'"))
  for name in list:lines() do names[#names + 1] = name:match "^(.*)%.lua$" end
  list:close()
  local function rank(name) return name == "plateia" and 1 or name == "sandbox" and 3 or 2 end
  table.sort(names, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    return a < b
  end)
  for i, name in ipairs(names) do
    modules[i] = read_module(folder .. name .. ".lua")
    modules[i].short = name
  end
  return modules
end

-- The keys that a module has by the reference: name -> true.
function reference.keys(module)
  local keys = {}
  for _, block in ipairs(module.functions) do keys[block.name] = true end
  for _, field in ipairs(module.fields) do
    if not field.name:find "^%[" then keys[field.name] = true end
  end
  return keys
end

-- The names of a type's methods: name -> true.
function reference.methods(module, class)
  for _, block in ipairs(module.types) do
    if block.class == class then
      local names = {}
      for _, method in ipairs(block.methods or {}) do names[method.name] = true end
      return names
    end
  end
end

-- ---- the manual ----

local Manual = {}
Manual.__index = Manual

function Manual:add(format, ...)
  self[#self + 1] = select("#", ...) > 0 and format:format(...) or format
end

local function code(text)
  return "`" .. text .. "`"
end

-- The codes of a failure, one by one: an alias of words is taken apart.
function Manual:codes(kind)
  local words = {}
  for part in kind:gsub("[?()]", ""):gmatch "[^|]+" do
    local alias = self.aliases[part]
    if alias and alias.type:find '"' then
      words[#words + 1] = self:codes(alias.type)
    elseif part ~= "nil" then
      words[#words + 1] = code((part:gsub('"', "")))
    end
  end
  return table.concat(words, ", ")
end

local function said_behind(text)
  return text ~= "" and ": " .. text or ""
end

function Manual:list_values(block)
  for _, param in ipairs(block.params) do
    self:add("* %s (%s%s)%s", code(param.name), code(param.type), param.optional and ", may be left out" or "",
      said_behind(param.said))
  end
  for i, result in ipairs(block.returns) do
    if result.name == "code" then
      self:add("* result %d, the code of a failure: %s%s", i, self:codes(result.type), said_behind(result.said))
    else
      self:add("* result %d%s (%s)%s", i, result.name ~= "" and ", " .. code(result.name) or "", code(result.type),
        said_behind(result.said))
    end
  end
end

function Manual:paragraphs(text)
  for _, line in ipairs(text or {}) do self:add(line) end
end

function Manual:call(level, head, block)
  self:add("\n%s `%s%s`%s\n", level, head, block.arguments, block.async and " waits" or "")
  self:paragraphs(block.text)
  if #block.params + #block.returns > 0 then self:add "" end
  self:list_values(block)
end

function Manual:list_fields(fields)
  for _, field in ipairs(fields) do
    self:add("* %s (%s%s)%s", code(field.name), code(field.type), field.optional and ", may be left out" or "",
      said_behind(field.said))
  end
end

function Manual:type(block)
  self:add("\n### %s\n", code(block.class or block.alias))
  self:paragraphs(block.text)
  if #block.text > 0 then self:add "" end
  if block.parent then self:add("What %s has, and:\n", code(block.parent)) end
  if block.alias and block.type ~= "" then self:add("%s", code(block.type)) end
  for _, choice in ipairs(block.choices) do self:add("* %s: %s", code(choice.name), choice.said) end
  self:list_fields(block.fields)
  for _, method in ipairs(block.methods or {}) do
    self:call("####", block.class:match "[^.]+$":lower() .. ":" .. method.name, method)
  end
end

function Manual:module(module)
  local title = module.short == "plateia" and "What all have in common" or module.short == "sandbox" and "The sandbox"
    or code("plateia." .. module.short)
  self:add("\n## %s\n", title)
  self:paragraphs(module.text)
  if module.call then
    self:add("\n### `%s%s`%s\n", module.short, module.call.arguments, module.call.async and " waits" or "")
    self:list_values(module.call)
  end
  if #module.fields > 0 then self:add "" end
  for _, field in ipairs(module.fields) do
    if not field.name:find "^%[" then
      self:add("* %s (%s)%s", code(module.short .. "." .. field.name), code(field.type), said_behind(field.said))
    end
  end
  for _, block in ipairs(module.functions) do
    self:call("###", (block.owner and (block.owner .. block.mark) or "") .. block.name, block)
  end
  for _, block in ipairs(module.types) do self:type(block) end
end

local HEAD = [[
# Reference for script authors

Made by `./dev reference` from [core/reference](../core/reference), which `plateia stubs` also hands to editors: edit
there, not here. How a route, an observer or a channel is added tells [CONTRIBUTING.md](../CONTRIBUTING.md).

* **Failure** that may be expected is `nil, message, code`: the first result is absent, the second is a sentence, the
  third one of a few words. Misuse raises.
* **waits**, or `async` in a type, marks what suspends the handler until an answer is there, while the worker goes on
  with others. Nothing can wait while modules load.
]]

function reference.manual(modules)
  local manual = setmetatable({ aliases = {} }, Manual)
  for _, module in ipairs(modules) do
    for _, block in ipairs(module.types) do
      if block.alias then manual.aliases[block.alias] = block end
    end
  end
  manual:add(HEAD)
  for _, module in ipairs(modules) do
    if module.short ~= "plateia" and module.short ~= "sandbox" then
      manual:add("* [%s](#plateia%s)", code("plateia." .. module.short), module.short)
    end
  end
  for _, module in ipairs(modules) do manual:module(module) end
  return (table.concat(manual, "\n"):gsub("\n\n\n+", "\n\n")) .. "\n"
end

if arg and arg[0] and arg[0]:find "docs/reference%.lua$" then io.write(reference.manual(reference.read())) end

return reference
