-- `plateia stubs`: what it writes, what it leaves alone, and that luacheck and Lua read it.

local json = require "cjson"
local uv = require "luv"
local process = require "support.process"
local server = require "support.server"

local function stubs(...)
  return process.run(server.binary(), { args = { "stubs", ... } })
end

describe("plateia stubs", function()
  local folder

  before_each(function()
    folder = process.temporary_folder "stubs"
    local code, text = stubs(folder)
    assert(code == 0, text)
  end)

  it("writes core/reference, and where editors look for it", function()
    for _, name in ipairs { "db", "route", "field", "fail", "plateia", "sandbox" } do
      assert.equal(process.read_file("core/reference/" .. name .. ".lua"),
        process.read_file(folder .. "/.plateia/" .. name .. ".lua"))
    end
    local settings = json.decode(process.read_file(folder .. "/.luarc.json"))
    assert.equal("Lua 5.4", settings["runtime.version"])
    assert.same({ ".plateia" }, settings["workspace.library"])
    for _, name in ipairs { "io", "debug", "coroutine", "package" } do
      assert.equal("disable", settings["runtime.builtin"][name], name)
    end
    local code, text = process.run("sh", { args = { "-c", "sha256sum --quiet -c .plateia/SHA256SUMS" }, cwd = folder })
    assert.equal(0, code, text)
  end)

  it("lets luacheck pass what is served, and no more, where it is", function()
    if process.run("sh", { args = { "-c", "command -v luacheck" } }) ~= 0 then return pending "there is no luacheck" end
    local function check(...)
      return process.run("luacheck", { args = { "--config", folder .. "/.plateia/luacheckrc", ... } })
    end
    local code, text = check "scripts"
    assert.equal(0, code, text)
    process.write_file(folder .. "/x.lua", "return io.open, string.dump, coroutine, os.exit\n")
    code, text = check(folder .. "/x.lua")
    assert.equal(1, code)
    for _, name in ipairs { "io", "dump", "coroutine", "exit" } do assert.truthy(text:find(name, 1, true), text) end
  end)

  it("writes nothing twice", function()
    local code, text = stubs(folder)
    assert.equal(0, code)
    assert.matches("^0 written, %d+ as they should be, 0 kept\n$", text)
  end)

  it("keeps what was edited, unless it is told otherwise", function()
    local edited = folder .. "/.plateia/db.lua"
    process.write_file(edited, "-- mine\n")
    process.write_file(folder .. "/.luarc.json", "{}\n")
    local code, text = stubs(folder)
    assert.equal(1, code)
    assert.truthy(text:find(".plateia/db.lua was edited", 1, true), text)
    assert.truthy(text:find("--force", 1, true), text)
    assert.equal("-- mine\n", process.read_file(edited))
    assert.equal("{}\n", process.read_file(folder .. "/.luarc.json"))
    assert.equal(1, (stubs(folder))) -- having been told of once makes it nobody's but its author's
    code, text = stubs(folder, "--force")
    assert.equal(0, code, text)
    assert.equal(process.read_file "core/reference/db.lua", process.read_file(edited))
  end)

  it("replaces what another version has written", function()
    local path, sums = folder .. "/.plateia/db.lua", folder .. "/.plateia/SHA256SUMS"
    process.write_file(path, "-- of yesterday\n")
    local _, digest = process.run("sha256sum", { args = { path } })
    process.write_file(sums, digest:match "^%x+" .. "  .plateia/db.lua\n")
    local code, text = stubs(folder)
    assert.equal(0, code, text)
    assert.equal(process.read_file "core/reference/db.lua", process.read_file(path))
  end)

  it("only says what it would write", function()
    local empty = process.temporary_folder "stubs"
    local code, text = stubs("--dry-run", empty)
    assert.equal(0, code)
    assert.matches("would write [^\n]*/.plateia/db.lua\n", text)
    assert.is_nil(uv.fs_stat(empty .. "/.plateia"))
  end)

  it("writes through no link, and over nothing beside its own", function()
    local hostile, other = process.temporary_folder "stubs", process.temporary_folder "other"
    process.write_file(other .. "/precious", "precious")
    process.write_file(hostile .. "/.luarc.json.new", "mine")
    assert(uv.fs_mkdir(hostile .. "/.plateia", 493))
    for _, link in ipairs { ".new", "db.lua.new", "SHA256SUMS.new" } do
      assert(uv.fs_symlink(other .. "/precious", hostile .. "/.plateia/" .. link))
    end
    local code, text = stubs(hostile)
    assert.equal(0, code, text)
    assert.equal("precious", process.read_file(other .. "/precious"))
    assert.equal("mine", process.read_file(hostile .. "/.luarc.json.new"))

    local led = process.temporary_folder "stubs"
    assert(uv.fs_symlink(other, led .. "/.plateia"))
    code, text = stubs(led)
    assert.equal(1, code)
    assert.truthy(text:find(".plateia is no folder: move it out of the way", 1, true), text)
    assert.is_nil(uv.fs_stat(other .. "/SHA256SUMS"))
  end)

  it("says what to do where it cannot write", function()
    local code, text = stubs "/no/such/folder"
    assert.equal(1, code)
    assert.matches("No such file.*\nName a folder", text)
  end)

  it("is not taken for scripts where they lie right beside it", function()
    local scripts = server.scripts_with {}
    assert.equal(0, (stubs(scripts)))
    local code, text = process.run(server.binary(), { args = { "routes", scripts } })
    assert.equal(0, code, text)
  end)
end)
