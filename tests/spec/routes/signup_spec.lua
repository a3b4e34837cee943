local http = require "tests.spec.support.http"
local null = require("plateia.json").null
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))

before_each(world.reset)

describe("POST /signup", function()
  local wanted
  before_each(function()
    wanted = { username = "Ana", password = "correct horse" }
    world.gives("create_user", { { outcome = "created", id = 7, username = "Ana" } })
  end)

  local function sign_up(changes)
    for key, value in pairs(changes or {}) do wanted[key] = value end
    return ask("POST", "/signup", { json = wanted })
  end

  it("is 201 with id and name", function()
    local answer = sign_up()
    assert.equal(201, answer.status)
    assert.same({ id = 7, username = "Ana" }, answer.json)
    assert.equal("none", world.args_of "create_user"[5])
  end)

  it("takes what else is known of the user", function()
    assert.equal(201, sign_up { email = "ana@example.org", phone = "+5511987654321", notify_by = "none" }.status)
    assert.equal(201, sign_up { email = null, phone = null }.status)
  end)

  it("is 409 for a taken name", function()
    world.gives("create_user", { { outcome = "taken" } })
    local answer = sign_up()
    assert.equal(409, answer.status)
    assert.same({ detail = "this username is taken" }, answer.json)
  end)

  it("is 422 for each wrong value, all at once", function()
    local answer = sign_up { username = "A", password = "short", email = "x", phone = "1", notify_by = "pigeon" }
    assert.equal(422, answer.status)
    assert.same({ "body.username", "body.password", "body.email", "body.phone", "body.notify_by" }, http.places(answer))
    assert.same({}, world.calls)
  end)

  it("never repeats a password", function()
    local answer = sign_up { password = "secret" }
    assert.equal(422, answer.status)
    assert.is_nil(answer.text:find("secret", 1, true))
  end)

  it("counts a name's characters, and refuses invisible ones", function()
    assert.equal(201, sign_up { username = "日本語" }.status)
    assert.equal(422, sign_up { username = "日本" }.status)
    assert.equal(422, sign_up { username = ("é"):rep(33) }.status)
    assert.equal(201, sign_up { username = ("é"):rep(32) }.status)
    assert.equal(422, sign_up { username = "an\u{200b}a" }.status)
    assert.equal(422, sign_up { password = ("x"):rep(129) }.status)
  end)

  it("is 503 while the hasher is busy", function()
    world.hasher_busy = true
    local answer = sign_up()
    assert.equal(503, answer.status)
    assert.equal("1", answer.headers["retry-after"])
  end)
end)
