local field = require "plateia.field"
local http = require "tests.spec.support.http"
local route = require "plateia.route"
local signed_in = require "depends.signed_in"

local ask = http.routes(route.get "/who" {
  depends = { user = signed_in },
  answers = { [200] = { id = field.integer {} } },
  handler = function(req) return req.user end,
})

local function with(header)
  return ask("GET", "/who", { headers = { Authorization = header } })
end

describe("signed_in", function()
  it("knows who a good token names, however its scheme is written", function()
    for _, header in ipairs { "Bearer token.7", "bearer token.7", "BEARER   token.7" } do
      assert.same({ id = 7 }, with(header).json)
    end
  end)

  it("asks those without a token to sign in", function()
    for _, header in ipairs { "", "Basic YTpi", "token.7", "Bearertoken.7" } do
      local answer = with(header)
      assert.equal(401, answer.status)
      assert.same({ detail = "Not authenticated" }, answer.json)
      assert.equal("Bearer", answer.headers["www-authenticate"])
    end
    assert.equal(401, ask("GET", "/who").status)
  end)

  it("tells those with a bad one what is wrong with it", function()
    for _, header in ipairs { "Bearer nonsense", "Bearer ", "Bearer", "Bearer token.7 token.8", "Bearer token.-7" } do
      local answer = with(header)
      assert.equal(401, answer.status)
      assert.equal("the token is not one of ours", answer.json.detail)
      assert.equal('Bearer error="invalid_token", error_description="the token is not one of ours"',
        answer.headers["www-authenticate"])
    end
  end)

  it("is a bearer security", function()
    assert.equal("bearer", signed_in.security)
  end)
end)
