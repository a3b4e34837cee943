-- GET /openapi.json and `plateia openapi`: one description, of the scripts that serve.

local database = require "support.database"
local loop = require "support.loop"
local process = require "support.process"
local scripts = require "support.scripts"
local server = require "support.server"

describe("the description of the API", function()
  local copy, plateia, client

  setup(function()
    copy = scripts.copy()
    plateia = server.start { database = database.cluster():create "openapi", settings = copy.settings }
    client = plateia:client()
  end)
  teardown(function()
    if client then client:close() end
    if plateia then plateia:stop() end
  end)

  it("is served with an ETag, and is what the command prints", function()
    local answer = client:get "/openapi.json"
    assert.equal(200, answer.status)
    assert.equal("3.1.0", answer:json().openapi)
    assert.equal(304, client:get("/openapi.json", { headers = { ["If-None-Match"] = answer.headers.etag } }).status)
    local code, text = process.run(server.binary(), { args = { "openapi" }, env = copy.settings })
    assert.equal(0, code)
    assert.equal(answer.body .. "\n", text)
  end)

  it("has every route that app.lua requires", function()
    local paths = client:get("/openapi.json"):json().paths
    for _, name in ipairs { "post /signup", "post /token", "get /me", "get /me/votes", "get /movies",
      "get /movies/{id}", "get /movies/top", "post /vote/{movie_id}" } do
      local method, path = name:match "(%S+) (%S+)"
      assert.is_table((paths[path] or {})[method], name)
    end
  end)

  it("calls its operations what clients know them by", function()
    local names = {}
    for _, methods in pairs(client:get("/openapi.json"):json().paths) do
      for method, operation in pairs(methods) do
        if method ~= "head" then names[#names + 1] = operation.operationId end
      end
    end
    table.sort(names)
    assert.same({ "cast_vote", "get_movie", "list_movies", "my_votes", "sign_in", "sign_up", "top_movies",
      "watch_ranking", "who_am_i" }, names)
  end)

  it("changes with a live edit", function()
    local before = client:get "/openapi.json"
    process.write_file(copy:path "scripts/routes/extra.lua", [[
      local route, field = require "plateia.route", require "plateia.field"
      return route.get "/extra" { name = "extra", answers = { [200] = { fine = field.boolean {} } },
        handler = function() return { fine = true } end }
    ]])
    local answer = loop.wait_until("the new route is described", 10, function()
      local now = client:get "/openapi.json"
      return now:json().paths["/extra"] and now
    end)
    assert.not_equal(before.headers.etag, answer.headers.etag)
    assert.equal("extra", answer:json().paths["/extra"].get.operationId)
  end)

  it("changes with a live edit of a route that was there", function()
    local path = copy:path "scripts/routes/movies.lua"
    local text = process.read_file(path)
    local function most(now)
      for _, parameter in ipairs(now:json().paths["/movies"].get.parameters) do
        if parameter.name == "limit" then return parameter.schema.maximum end
      end
    end
    assert.equal(100, most(client:get "/openapi.json"))
    process.write_file(path, (text:gsub("max = 100, default = 20", "max = 50, default = 20")))
    loop.wait_until("the new bound is described", 10, function() return most(client:get "/openapi.json") == 50 end)
    assert.equal(422, client:get("/movies?limit=51").status)
  end)

  it("is refused by the command where the scripts do not load", function()
    local broken = scripts.copy()
    process.write_file(broken:path "scripts/routes/extra.lua", "return route.\n")
    local code, text = process.run(server.binary(), { args = { "openapi" }, env = broken.settings })
    assert.equal(1, code)
    assert.matches("routes/extra.lua:%d+", text)
  end)
end)
