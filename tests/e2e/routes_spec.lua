-- `plateia routes`: what the scripts serve, told without a server.

local json = require "cjson"
local process = require "support.process"
local server = require "support.server"

local function routes(...)
  return process.run(server.binary(), { args = { "routes", ... } })
end

describe("plateia routes", function()
  it("shows method, path, name, who may, what is kept and where it stands", function()
    local code, text = routes()
    assert.equal(0, code, text)
    assert.matches("^method +path +name +who +cached +place\n", text)
    assert.matches("\nPOST +/vote/{movie_id} +cast_vote +bearer +%- +scripts/routes/vote.lua:%d+\n", text)
    assert.matches("\nGET +/movies/top +top_movies +open +300 +scripts/routes/top.lua:%d+\n", text)
  end)

  it("tells programs the same", function()
    local code, text = routes "--json"
    assert.equal(0, code, text)
    local _, lines = select(2, routes()):gsub("\n", "\n")
    local list = json.decode(text)
    assert.equal(lines - 1, #list)
    for _, route in ipairs(list) do
      assert.is_truthy(route.method and route.path and route.name and route.who)
      local file, line = route.place:match "^(.+):(%d+)$"
      local number, found = 0, nil
      for content in io.lines(file) do
        number = number + 1
        if number == tonumber(line) then found = content end
      end
      assert.truthy(found:find(route.path, 1, true), route.place)
    end
  end)

  it("takes another folder, and says what is wrong in it", function()
    local folder = server.scripts_with { ["routes/extra.lua"] = [[
local route, field = require "plateia.route", require "plateia.field"
return route.get "/extra" { answers = { [200] = { fine = field.boolean {} } }, handler = function() end }
]] }
    local code, text = routes(folder .. "/")
    assert.equal(0, code, text)
    assert.truthy(text:find(folder .. "/routes/extra.lua:2\n", 1, true), text)
    process.write_file(folder .. "/routes/extra.lua", "return route.\n")
    code, text = routes(folder)
    assert.equal(1, code)
    assert.matches("routes/extra.lua:%d+: ", text)
  end)
end)
