-- plateia.stream, and routes that are streams.

local depend = require "plateia.depend"
local fail = require "plateia.fail"
local field = require "plateia.field"
local http = require "tests.spec.support.http"
local route = require "plateia.route"
local stream = require "plateia.stream"
local streamed = require "plateia.streamed"
local world = require "tests.spec.support.world"

before_each(world.reset)

describe("stream.publish", function()
  local Form = field.object({ b = field.integer {}, a = field.string { optional = true } }, { name = "Form" })

  it("hands the core a name and a line of JSON", function()
    assert.is_true(stream.publish("news", { a = 1 }))
    assert.same({ name = "news", text = '{"a":1}', value = { a = 1 } }, world.streamed[1])
  end)

  it("writes what the form declares, in its order", function()
    assert.is_true(stream.publish("news", { a = "x", b = 7, secret = 1 }, Form))
    assert.is_true(stream.publish("news", { b = 7 }, Form))
    assert.equal('{"b":7,"a":"x"}', world.streamed[1].text)
    assert.equal('{"b":7,"a":null}', world.streamed[2].text)
  end)

  it("raises for what is misuse, at the caller's line", function()
    local line = debug.getinfo(1, "l").currentline
    local fine, why = pcall(function() stream.publish("news", { b = "seven" }, Form) end)
    assert.is_false(fine)
    assert.matches("stream_spec.lua:" .. line + 1 .. ": stream news: what is published.b is a string", why)
    assert.has_error(function() stream.publish(nil, {}) end)
    assert.has_error(function() stream.publish "news" end)
    assert.same({}, world.streamed)
  end)

  it("says what the core says", function()
    world.stream_full = true
    assert.same({ nil, "too long", "limit" }, { stream.publish("news", {}) })
  end)
end)

describe("a route that is a stream", function()
  local function refusal(method, given)
    local fine, why = pcall(route[method] "/x", given)
    assert.is_false(fine)
    return why
  end

  it("is GET alone, with neither handler nor answers", function()
    assert.is_truthy(route.get "/x" { stream = "news" })
    assert.matches("only GET", refusal("post", { stream = "news" }))
    assert.matches("a stream has no handler", refusal("get", { stream = "news", answers = {} }))
    assert.matches("a stream has no handler", refusal("get", { stream = "news", cached = {} }))
    assert.matches("GET takes no body", refusal("get", { stream = "news", body = {} }))
    assert.matches("a stream has no handler", refusal("get", { stream = "news", handler = function() end }))
    assert.matches("the name of a stream", refusal("get", { stream = "two words" }))
    assert.matches("the name of a stream", refusal("get", { stream = "" }))
    assert.matches("stream is a string", refusal("get", { stream = true }))
  end)

  it("goes through depends and fields, and then gives the connection away", function()
    local who = depend { name = "who", resolve = function(req)
      return req:header "x-who" or fail.forbidden "say who you are"
    end }
    local ask = http.routes(route.get "/x" { stream = "news", depends = { who = who },
      query = { n = field.integer { default = 1 } } })
    assert.equal(403, ask("GET", "/x").status)
    assert.equal(422, ask("GET", "/x?n=a", { headers = { ["X-Who"] = "me" } }).status)
    local answer = ask("GET", "/x", { headers = { ["X-Who"] = "me" } })
    assert.equal(200, answer.status)
    assert.equal("news", answer.streams)
  end)

  it("is for those who take events", function()
    local ask = http.routes(route.get "/x" { stream = "news" })
    local function status(accept) return ask("GET", "/x", { headers = { Accept = accept } }).status end
    assert.equal(200, status "text/event-stream")
    assert.equal(200, status "text/html, */*;q=0.1")
    assert.equal(200, status "application/json , Text/Event-Stream;q=0.5")
    assert.equal(406, status "application/json")
    assert.equal(406, status "text/event-stream;q=0, application/json")
    assert.is_true(streamed.accepts(nil))
  end)
end)
