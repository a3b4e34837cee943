-- docs/handlers is true: its files are saved, its commands typed, on one running server, and all that the pages show
-- comes back.

local database = require "support.database"
local handbook = require "support.handbook"
local process = require "support.process"
local scripts = require "support.scripts"
local server = require "support.server"
local uv = require "luv"

-- Files below a folder, as paths from it.
local function files_in(folder, prefix, found)
  found, prefix = found or {}, prefix or ""
  for name, kind in uv.fs_scandir_next, assert(uv.fs_scandir(folder .. prefix)) do
    if kind == "directory" then files_in(folder, prefix .. name .. "/", found) else found[prefix .. name] = true end
  end
  return found
end

-- A page without its code.
local function words_of(name)
  local text = name:find "%.md$" and process.read_file(handbook.folder .. name) or ""
  return (text:gsub("```.-\n```", ""):gsub("`[^`\n]*`", ""))
end

describe("the handbook", function()
  it("shows its examples as they are, and has none that no page shows", function()
    local shown, count = {}, 0
    for _, page in ipairs(handbook.pages()) do
      for _, block in ipairs(handbook.blocks(page)) do
        if handbook.place(block.name) then
          assert.equal(process.read_file(handbook.folder .. block.name), block.text, page .. ": " .. block.name)
          assert.equal("examples/" .. page:gsub("%.md$", "/"), block.name:match "^examples/[^/]+/")
          shown[block.name], count = true, count + 1
        end
      end
    end
    assert.same(shown, files_in(handbook.folder, "examples/"))
    assert.is_true(count > 20)
  end)

  it("has its pages in the index, and links to files that there are", function()
    local index = process.read_file(handbook.folder .. "README.md")
    for name in pairs(files_in(handbook.folder)) do
      local page = name:match "^[%w_]+%.md$"
      if page and page ~= "README.md" then assert.truthy(index:find("](" .. page .. ")", 1, true), page) end
    end
    for name in pairs(files_in(handbook.folder)) do
      for target in words_of(name):gmatch "%]%(([%w._/-]+)%)" do
        assert(uv.fs_stat(handbook.folder .. target), name .. " links to " .. target)
      end
    end
  end)
end)

describe("the handbook's page", function()
  local plateia, folder, db, reader

  setup(function()
    db = database.cluster():create "handbook"
    folder = scripts.copy()
    folder.settings.PLATEIA_LOG_FORMAT = "text"
    folder.settings.PLATEIA_ACCESS_LOG = "false"
    folder.settings.PLATEIA_SCRIPT_WATCH = "false" -- else an edit might be served twice, and a rollback lead to itself
    plateia = server.start { database = db, settings = folder.settings }
  end)

  teardown(function() plateia:stop() end)

  after_each(function() reader:leave() end)

  for _, page in ipairs(handbook.pages()) do
    it(page .. " says what comes back", function()
      reader = handbook.reader(page, plateia, folder, db.url, assert.same)
      reader:follow()
    end)
  end

  it("is found out where it is wrong", function()
    reader = handbook.reader("page", plateia, folder, db.url, assert.same)
    local function try(kind, text, name)
      return pcall(reader.try, reader, { kind = kind, name = name or "", text = text, line = 1 })
    end
    assert.is_true(try("sh", "curl localhost:8080/movies/0   # 422\n"))
    assert.is_true(try("json", '{"detail": [{"type": "greater_than_equal", "loc": ["path", "id"],'
      .. ' "msg": "Input should be greater than or equal to 1", "input": "0", "ctx": {"ge": 1}}], "generation": 70}\n'))
    assert.is_true(try("text", '{"detail":[{..."generation":70}\n'))
    for _, wrong in ipairs {
      { "json", '{"detail": "no", "generation": 1}\n' },
      { "json", "" },
      { "text", '{"detail":"no"...\n' },
      { "text", "whatever\n" },
      { "sh", "curl localhost:8080/movies/0   # 200\n" },
      { "sh", "curl localhost:8080/movies/0\n" },
      { "ruby", "" },
      { "diff", "+no such line\n words\n", "scripts/app.lua" },
    } do
      assert.is_false(try(table.unpack(wrong)), wrong[2])
    end
    assert.is_true(try("lua", "return {", "examples/x/scripts/routes/x.lua"))
    assert.is_false(try("sh", "true\n"))
    assert.is_true(try("lua", "return {}", "examples/x/broken/scripts/routes/x.lua"))
    assert.is_false(try("sh", "true\n"))
  end)
end)
