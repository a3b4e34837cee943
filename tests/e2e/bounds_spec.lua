-- What a script asks of the standard library ends at once, whatever a client sends it.

local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

local ROUTES = [[
local route, field = require "plateia.route", require "plateia.field"
local Said = field.object({ said = field.string {} }, { name = "Said" })

return {
  route.post "/searches" { summary = "Searches a client's text for a client's pattern",
    body = { text = field.string {}, pattern = field.string {} }, answers = { [200] = Said },
    handler = function(req)
      local found = req.body.text:match(req.body.pattern)
      return { said = found or "nothing" }
    end },
  route.get "/rep" { summary = "A text without end", answers = { [200] = Said },
    handler = function() return { said = ("x"):rep(1 << 40) } end },
  route.get "/empty" { summary = "Nothing, without end", answers = { [200] = Said },
    handler = function() return { said = (""):rep(1 << 60) } end },
  route.get "/sort" { summary = "Too much to sort", answers = { [200] = Said },
    handler = function()
      local all = {}
      for i = 1, 60000 do all[i] = -i end
      table.sort(all)
      return { said = "sorted" }
    end },
  route.get "/insert" { summary = "A table that says it is long", answers = { [200] = Said },
    handler = function()
      table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, "x")
      return { said = "inserted" }
    end },
}
]]

local CATASTROPHIC = { text = ("a"):rep(300), pattern = ("a-"):rep(30) .. "b" }

describe("a script's call of the standard library", function()
  local plateia, client

  setup(function()
    local folder = process.temporary_folder "bounds"
    assert(process.run("cp", { args = { "-r", "scripts", folder } }) == 0)
    process.write_file(folder .. "/scripts/routes/bounds.lua", ROUTES)
    plateia = server.start { database = database.cluster():create "bounds",
      settings = { PLATEIA_SCRIPTS = folder .. "/scripts", PLATEIA_WORKERS = "1" } }
    client = plateia:client()
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  -- The script's line at which the log says that this went wrong.
  local function place(sentence)
    local lines, number = {}, nil
    for line in ROUTES:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    loop.wait_until("the log tells of it", 5, function()
      number = plateia:output():match("routes/bounds.lua:(%d+): " .. sentence:gsub("%p", "%%%0"))
      return number
    end)
    return lines[math.tointeger(number)]
  end

  it("searches by a client's pattern", function()
    local answer = client:post("/searches", { json = { text = "key = value", pattern = "=%s*(%w+)" } })
    assert.same({ 200, "value" }, { answer.status, answer:json().said })
  end)

  it("ends a catastrophic pattern, names the line, and answers others on the same worker meanwhile", function()
    local others = loop.go(function()
      local other = plateia:client()
      for _ = 1, 50 do assert.equal(200, other:get("/movies?limit=1").status) end
      other:close()
    end)
    for _ = 1, 20 do assert.equal(500, client:post("/searches", { json = CATASTROPHIC }).status) end
    others:join()
    local line = place "pattern is too costly: more than 1009600 steps on 300 bytes"
    assert.matches("match(req.body.pattern)", line, 1, true)
  end)

  it("makes no text without end", function()
    assert.equal(500, client:get("/rep").status)
    assert.matches("rep(1 << 40)", place "string.rep: the result would be larger than 8 MiB", 1, true)
    assert.equal("", client:get("/empty"):json().said)
  end)

  it("goes through no table without end", function()
    assert.equal(500, client:get("/sort").status)
    assert.matches("table.sort(all)", place "table.sort: more than 40000 elements", 1, true)
    assert.equal(500, client:get("/insert").status)
    assert.matches("__len", place "table.insert: the table has a __len of its own", 1, true)
    assert.equal(200, client:get("/movies?limit=1").status)
  end)
end)
