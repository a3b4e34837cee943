local http = require "tests.spec.support.http"
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))

before_each(function()
  world.reset()
  world.settings = { throttle_sign_in = "3", throttle_sign_in_address = "5", throttle_sign_up = "2" }
  world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "hash:right" } })
  world.gives("create_user", { { outcome = "created", id = 7, username = "Ana" } })
end)

local function sign_in(name, password)
  return ask("POST", "/token", { form = ("username=%s&password=%s"):format(name, password) })
end

local function sign_up()
  return ask("POST", "/signup", { json = { username = "Ana", password = "long enough" } })
end

describe("failed sign-ins", function()
  it("of an account are limited, and told what is left", function()
    for left = 2, 0, -1 do
      local answer = sign_in("ana", "wrong")
      assert.equal(401, answer.status)
      assert.same({ "3", tostring(left), "60" }, { answer.headers["ratelimit-limit"],
        answer.headers["ratelimit-remaining"], answer.headers["ratelimit-reset"] })
    end
    world.time = world.time + 18.5
    for _, name in ipairs { "ana", "ANA" } do
      local answer = sign_in(name, "right") -- even the right password is not tried
      assert.equal(429, answer.status)
      assert.equal("42", answer.headers["retry-after"])
      assert.equal("0", answer.headers["ratelimit-remaining"])
      assert.is_string(answer.json.detail)
    end
    world.time = world.time + 42
    assert.equal(200, sign_in("ana", "right").status)
  end)

  it("are counted by how they ended", function()
    sign_in("ana", "wrong")
    sign_in("ana", "right")
    world.hasher_busy = true
    sign_in("ana", "right")
    world.hasher_busy = nil
    for _ = 1, 4 do sign_in("ana", "wrong") end
    assert.same({ ["login_attempts_total{good}"] = 1, ["login_attempts_total{refused}"] = 3,
      ["login_attempts_total{failed}"] = 1, ["login_attempts_total{throttled}"] = 2 }, world.counted)
  end)

  it("of an address are limited, whatever the accounts", function()
    for i = 1, 5 do assert.equal(401, sign_in("somebody" .. i, "wrong").status) end
    assert.equal(429, sign_in("ana", "right").status)
  end)

  it("do not count where the address has no try left", function()
    for i = 1, 5 do sign_in("somebody" .. i, "wrong") end
    for _ = 1, 5 do sign_in("ana", "wrong") end
    assert.equal(0, world.tries["sign in 192.0.2.1 as ana"].count)
  end)

  it("leave the successful alone", function()
    for _ = 1, 20 do assert.equal(200, sign_in("ana", "right").status) end
    world.hasher_busy = true
    for _ = 1, 20 do assert.equal(503, sign_in("ana", "right").status) end
  end)

  it("are not limited where the limit is 0", function()
    world.settings.throttle_sign_in, world.settings.throttle_sign_in_address = "0", "0"
    for _ = 1, 20 do assert.equal(401, sign_in("ana", "wrong").status) end
    assert.is_nil(sign_in("ana", "wrong").headers["ratelimit-limit"])
  end)
end)

describe("sign-ups", function()
  it("of an address are limited", function()
    for _ = 1, 2 do assert.equal(201, sign_up().status) end
    local answer = sign_up()
    assert.equal(429, answer.status)
    assert.equal("3600", answer.headers["retry-after"])
  end)

  it("do not count where nothing was tried", function()
    for _ = 1, 5 do assert.equal(422, ask("POST", "/signup", { json = {} }).status) end
    assert.equal(201, sign_up().status)
  end)
end)
