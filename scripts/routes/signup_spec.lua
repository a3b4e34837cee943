-- From nobody to somebody who is signed in.

local test = require "plateia.test"

local function sign_in(password)
  return test.post("/token", { form = { username = "bo_berg", password = password } })
end

describe("an account", function()
  before_each(function()
    local made = test.post("/signup", { json = { username = "bo_berg", password = "a long password",
      email = "bo@example.org" } })
    assert.equal(201, made.status)
    assert.is_number(made.json.id)
  end)

  it("signs in with its password", function()
    local token = sign_in "a long password"
    assert.equal(200, token.status)
    assert.equal("no-store", token.headers["Cache-Control"])
    local me = test.get("/me", { headers = { Authorization = "Bearer " .. token.json.access_token } })
    assert.equal(200, me.status)
    assert.equal("bo_berg", me.json.username)
    assert.equal("bo@example.org", me.json.email)
  end)

  it("does not sign in with another", function()
    local refused = sign_in "a wrong password"
    assert.equal(401, refused.status)
    assert.equal("invalid_grant", refused.json.error)
  end)

  it("has a name of its own, whatever its case", function()
    local taken = test.post("/signup", { json = { username = "BO_BERG", password = "another long one" } })
    assert.equal(409, taken.status)
    assert.equal("this username is taken", taken.json.detail)
  end)

  it("is refused with every field that is wrong", function()
    local refused = test.post("/signup", { json = { username = "x", notify_by = "pigeon" } })
    assert.equal(422, refused.status)
    assert.equal(3, #refused.json.detail)
  end)
end)
