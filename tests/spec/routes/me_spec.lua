local http = require "tests.spec.support.http"
local null = require("plateia.json").null
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))
local ana = { Authorization = "Bearer token.7" }

before_each(world.reset)

describe("GET /me", function()
  it("is the user without the hash", function()
    world.gives("user_by_id", { { id = 7, username = "Ana", notify_by = "none", password_hash = "hash:x",
      created_at = "2026-11-01T00:00:00Z" } })
    assert.same({ id = 7, username = "Ana", email = null, phone = null, notify_by = "none",
      created_at = "2026-11-01T00:00:00Z" }, ask("GET", "/me", { headers = ana }).json)
    assert.same({ 7, n = 1 }, world.args_of "user_by_id")
  end)

  it("is 401 for strangers and for users who are gone", function()
    assert.equal(401, ask("GET", "/me").status)
    world.gives("user_by_id", {})
    assert.equal(401, ask("GET", "/me", { headers = ana }).status)
  end)
end)

describe("GET /me/votes", function()
  before_each(function()
    world.gives("vote_window", { { month = "2026-11", next_vote_at = "2026-12-01T00:00:00Z" } })
  end)

  it("is my votes and the time of the next", function()
    local vote = { movie_id = 3, title = "A", month = "2026-11", voted_at = "2026-11-02T00:00:00Z" }
    world.gives("user_votes", { vote })
    assert.same({ items = { vote }, next_vote_at = "2026-12-01T00:00:00Z" },
      ask("GET", "/me/votes", { headers = ana }).json)
  end)

  it("is an empty list and null for who has not voted", function()
    world.gives("user_votes", {})
    assert.equal('{"items":[],"next_vote_at":null}', ask("GET", "/me/votes", { headers = ana }).text)
  end)

  it("is 401 for strangers", function()
    assert.equal(401, ask("GET", "/me/votes").status)
  end)
end)
