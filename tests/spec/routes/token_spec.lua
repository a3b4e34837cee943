local http = require "tests.spec.support.http"
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))

before_each(world.reset)

describe("POST /token", function()
  before_each(function()
    world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "hash:correct horse" } })
  end)

  local function sign_in(form)
    return ask("POST", "/token", { form = form })
  end

  it("is a bearer token that nobody may keep", function()
    local answer = sign_in "username=ana&password=correct+horse"
    assert.equal(200, answer.status)
    assert.same({ access_token = "token.7", token_type = "bearer", expires_in = 3600 }, answer.json)
    assert.same({ "no-store", "no-cache" }, { answer.headers["cache-control"], answer.headers.pragma })
  end)

  it("takes all of OAuth2's fields, also empty ones", function()
    assert.equal(200, sign_in(
      "grant_type=password&username=ana&password=correct+horse&scope=&client_id=c&client_secret=s").status)
    assert.equal(200, sign_in("grant_type=&username=ana&password=correct+horse&scope=a+b").status)
  end)

  it("is 401 for a wrong password, in FastAPI's words and in OAuth2's", function()
    local answer = sign_in "username=ana&password=wrong"
    assert.equal(401, answer.status)
    assert.same({ detail = "Incorrect username or password", error = "invalid_grant",
      error_description = "Incorrect username or password" }, answer.json)
    assert.equal("Bearer", answer.headers["www-authenticate"])
    assert.equal("no-store", answer.headers["cache-control"])
  end)

  it("is 401 with the same bytes for an unknown name", function()
    local wrong = sign_in "username=ana&password=wrong"
    world.gives("user_by_name", {})
    assert.equal(wrong.text, sign_in "username=nobody&password=wrong".text)
  end)

  it("is 422 for another grant or missing fields", function()
    assert.same({ "body.username", "body.password", "body.grant_type" },
      http.places(sign_in "grant_type=client_credentials"))
  end)

  it("is 415 for JSON", function()
    assert.equal(415, ask("POST", "/token", { json = { username = "ana", password = "x" } }).status)
  end)

  it("is 503, not 401, while the hasher is busy", function()
    world.hasher_busy = true
    assert.equal(503, sign_in "username=ana&password=correct+horse".status)
  end)
end)
