-- Which scripts answered: their number stands in every error body and in every line of the log.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local json = require "dkjson"
local loop = require "support.loop"
local server = require "support.server"

local BROKEN = [[
  local fail, field, route = require "plateia.fail", require "plateia.field", require "plateia.route"
  return {
    route.get "/broken" { summary = "Raises", answers = { [200] = field.nothing },
      handler = function(req) return req.body.field end },
    route.get "/returned" { summary = "Returns its failure",
      answers = { [200] = field.nothing, [410] = fail.Problem },
      handler = function() return { detail = "gone" }, 410 end },
  }]]

-- Every line of the log that is one, as a table.
local function lines_of(plateia)
  local lines = {}
  for line in plateia:output():gmatch "[^\n]+" do lines[#lines + 1] = assert(json.decode(line)) end
  return lines
end

local function access_line(plateia, id)
  return loop.wait_until("a line tells of " .. id, 5, function()
    for _, line in ipairs(lines_of(plateia)) do
      if line.message == "request" and line.request_id == id then return line end
    end
  end)
end

describe("the number of the scripts", function()
  local plateia, client, token

  setup(function()
    local db = database.cluster():create "generation"
    plateia = server.start { database = db, settings = {
      PLATEIA_SCRIPTS = server.scripts_with { ["routes/broken.lua"] = BROKEN } } }
    client = plateia:client()
    token = crowd.make(db, server.SECRET, "voter", 1)[1].token
    assert.equal(201, client:post("/vote/7", { token = token }).status)
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function raw(...)
    return http.raw(plateia.port, table.concat({ ... }, "\r\n") .. "\r\n\r\n")
  end

  for name, case in pairs {
    ["no route"] = { 404, function(headers) return client:get("/nowhere", { headers = headers }) end },
    ["no film"] = { 404, function(headers) return client:get("/movies/999999999", { headers = headers }) end },
    ["wrong fields"] = { 422, function(headers) return client:post("/signup", { json = {}, headers = headers }) end },
    ["nobody"] = { 401, function(headers) return client:get("/me", { headers = headers }) end },
    ["a second vote"] = { 409, function(headers)
      return client:post("/vote/8", { token = token, headers = headers })
    end },
    ["a wrong method"] = { 405, function(headers) return client:ask("DELETE", "/movies", { headers = headers }) end },
    ["a bug"] = { 500, function(headers) return client:get("/broken", { headers = headers }) end },
    ["a problem that a handler returns"] = { 410, function(headers)
      return client:get("/returned", { headers = headers })
    end },
    ["too large a body"] = { 413, function(headers)
      return (raw("POST /signup HTTP/1.1", "Host: a", "Content-Length: 65537", "Accept: " .. headers.Accept))
    end },
    ["an unreadable head"] = { 400, function(headers)
      return (raw("GET /movies HTTP/1.1", "Host: a", "Host: b", "Accept: " .. headers.Accept))
    end },
  } do
    it(("is told with %s (%d)"):format(name, case[1]), function()
      for _, accept in ipairs { "*/*", "application/problem+json" } do
        local answer = case[2] { Accept = accept }
        assert.equal(case[1], answer.status)
        assert.equal(1, answer:json().generation)
        assert.matches(',"generation":1}$', answer.body)
        local line = access_line(plateia, answer.headers["x-request-id"])
        assert.equal(case[1], line.status)
        assert.equal(1, line.generation)
      end
    end)
  end

  it("is in each line from the moment that scripts are loaded", function()
    client:get "/broken"
    loop.wait_until("all is written", 5, function() return plateia:output():find '"message":"handler raised"' end)
    local listening = false
    for _, line in ipairs(lines_of(plateia)) do
      listening = listening or line.message == "listening"
      if listening then assert.equal(1, line.generation, line.message) end
    end
    assert.is_true(listening)
  end)
end)
