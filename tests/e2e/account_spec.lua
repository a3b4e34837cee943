-- Signing up, signing in, and what a token is worth.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local server = require "support.server"

local PASSWORD = "correct horse battery staple"

describe("accounts", function()
  local db, plateia, client

  setup(function()
    db = database.cluster():create "account"
    plateia = server.start { database = db }
    client = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function sign_up(username, more)
    local account = { username = username, password = PASSWORD }
    for name, value in pairs(more or {}) do account[name] = value end
    return client:post("/signup", { json = account })
  end

  local function sign_in(username, password)
    return client:post("/token", { form = { grant_type = "password", username = username, password = password } })
  end

  -- The places that a 422 names: { ["body.username"] = "missing", ... }
  local function wrong_places(answer)
    assert.equal(422, answer.status)
    local places = {}
    for _, each in ipairs(answer:json().detail) do
      assert.is_string(each.msg)
      assert.not_nil(each.input)
      places[table.concat(each.loc, ".")] = each.type
    end
    return places
  end

  it("leads from signing up over a token to oneself", function()
    local signed_up = sign_up("Inês", { email = "ines@example.org" })
    assert.equal(201, signed_up.status)
    local account = signed_up:json()
    assert.same({ id = account.id, username = "Inês" }, account)

    local signed_in = sign_in("Inês", PASSWORD)
    assert.equal(200, signed_in.status)
    assert.equal("no-store", signed_in.headers["cache-control"])
    local token = signed_in:json()
    assert.equal("bearer", token.token_type:lower())
    assert.equal(3600, token.expires_in)

    local me = client:get("/me", { token = token.access_token })
    assert.equal(200, me.status)
    assert.equal(account.id, me:json().id)
    assert.equal("Inês", me:json().username)
    assert.is_nil(me.body:find "argon2")

    local votes = client:get("/me/votes", { token = token.access_token })
    assert.equal('"items":[]', votes.body:match '"items":%[%]')
    assert.equal(http.null, votes:json().next_vote_at)
  end)

  it("keeps no password as it was typed", function()
    sign_up "hashed"
    assert.matches("^%$argon2id%$", db:value "SELECT password_hash FROM users WHERE username = 'hashed'")
  end)

  it("gives a name once, without regard to case", function()
    assert.equal(201, sign_up("Renée").status)
    assert.equal(409, sign_up("Renée").status)
    assert.equal(409, sign_up("RENÉE").status)
    assert.equal(409, sign_up("Rene\u{301}e").status) -- the same letters, composed otherwise
    local taken = sign_up "renée"
    assert.is_string(taken:json().detail)
    assert.equal(200, sign_in("renée", PASSWORD).status)
  end)

  it("names every wrong field at once", function()
    local nothing = wrong_places(client:post("/signup", { json = {} }))
    assert.equal("missing", nothing["body.username"])
    assert.equal("missing", nothing["body.password"])

    local answer = client:post("/signup", { json = { username = "x", password = 5, email = "nowhere" } })
    local places = wrong_places(answer)
    assert.equal("string_too_short", places["body.username"])
    assert.equal("string_type", places["body.password"])
    assert.not_nil(places["body.email"])

    assert.not_nil(wrong_places(client:post("/signup", { json = { username = ("x"):rep(33), password = PASSWORD } }))
      ["body.username"])
  end)

  it("does not repeat a refused password", function()
    local answer = client:post("/signup", { json = { username = "secretive", password = "hunter2" } })
    assert.equal(422, answer.status)
    assert.is_nil(answer.body:find "hunter2")
  end)

  it("says what is wrong with a body that is no JSON", function()
    local headers = { ["Content-Type"] = "application/json" }
    local broken = client:post("/signup", { body = '{"username": ', headers = headers })
    assert.equal(422, broken.status)
    assert.equal("json_invalid", broken:json().detail[1].type)
    assert.equal(400, client:post("/signup", { body = '{"username": "\xff"}', headers = headers }).status)
  end)

  it("wants a form for a token, as OAuth2 has it", function()
    assert.equal(415, client:post("/token", { json = { username = "a", password = "b" } }).status)
    local places = wrong_places(client:post("/token", { form = { username = "Inês" } }))
    assert.equal("missing", places["body.password"])
  end)

  it("does not tell a wrong name from a wrong password", function()
    local wrong_password, wrong_name = sign_in("Renée", "not it"), sign_in("nobody at all", PASSWORD)
    assert.equal(401, wrong_password.status)
    assert.equal(401, wrong_name.status)
    assert.equal(wrong_password.body, wrong_name.body)
    assert.matches("^Bearer", wrong_password.headers["www-authenticate"])
  end)

  describe("tokens", function()
    local user, now

    local function claims(changes)
      local all = { aud = '"plateia"', exp = now + 3600, iat = now, iss = '"plateia"', sub = '"' .. user.id .. '"' }
      for name, value in pairs(changes or {}) do all[name] = value end
      local members = {}
      for name, value in pairs(all) do
        if value ~= "" then members[#members + 1] = ('"%s":%s'):format(name, value) end
      end
      return "{" .. table.concat(members, ",") .. "}"
    end

    local function ask_with(token)
      return client:get("/me", { headers = { Authorization = "Bearer " .. token } })
    end

    setup(function()
      user = crowd.make(db, server.SECRET, "holder", 1)[1]
      now = os.time()
    end)

    it("minted with the secret are good", function()
      assert.equal(200, ask_with(user.token).status)
      assert.equal(200, ask_with(crowd.sign(db, server.SECRET, claims())).status)
    end)

    it("are good for half a minute of wrong clocks", function()
      assert.equal(200, ask_with(crowd.sign(db, server.SECRET, claims { exp = now - 10 })).status)
      assert.equal(200, ask_with(crowd.sign(db, server.SECRET, claims { iat = now + 20 })).status)
    end)

    local refused = {
      ["expired"] = function() return claims { exp = now - 60 } end,
      ["from the future"] = function() return claims { iat = now + 3600 } end,
      ["for somebody else"] = function() return claims { aud = '"another"' } end,
      ["by somebody else"] = function() return claims { iss = '"another"' } end,
      ["of nobody"] = function() return claims { sub = '"999999999"' } end,
      ["whose subject is no number"] = function() return claims { sub = '"admin"' } end,
      ["without an end"] = function() return claims { exp = "" } end,
      ["without a subject"] = function() return claims { sub = "" } end,
    }
    for what, make in pairs(refused) do
      it("are refused " .. what, function()
        local answer = ask_with(crowd.sign(db, server.SECRET, make()))
        assert.equal(401, answer.status)
        assert.is_string(answer:json().detail)
        assert.matches("^Bearer", answer.headers["www-authenticate"])
      end)
    end

    it("are refused under another secret or header", function()
      assert.equal(401, ask_with(crowd.sign(db, "another secret of thirty-two bytes", claims())).status)
      for _, header in ipairs { '{"alg":"none","kid":"k1","typ":"JWT"}', '{"alg":"HS256","typ":"JWT"}',
        '{"typ":"JWT","alg":"HS256","kid":"k1"}', '{"alg":"HS512","kid":"k1","typ":"JWT"}' } do
        assert.equal(401, ask_with(crowd.sign(db, server.SECRET, claims(), header)).status)
      end
    end)

    it("are refused in pieces", function()
      local header, payload, signature = user.token:match "^(.-)%.(.-)%.(.-)$"
      local broken = { "", "x", "..", header .. "." .. payload, header .. "." .. payload .. ".",
        user.token .. "=", user.token .. ".x", header .. "." .. payload .. "." .. signature:reverse(), ("x"):rep(8000) }
      for _, token in ipairs(broken) do assert.equal(401, ask_with(token).status) end
    end)

    it("must come as Bearer", function()
      assert.equal(401, client:get("/me").status)
      assert.equal(401, client:get("/me", { headers = { Authorization = "Basic " .. user.token } }).status)
      assert.equal(200, client:get("/me", { headers = { Authorization = "bearer " .. user.token } }).status)
      assert.matches("^Bearer", client:get("/me").headers["www-authenticate"])
    end)
  end)
end)
