local http = require "tests.spec.support.http"
local world = require "tests.spec.support.world"

local ask = http.asker(require "plateia.boot" (require "app"))
local ana = { Authorization = "Bearer token.7" }

before_each(world.reset)

describe("POST /vote/{movie_id}", function()
  local function outcome(name)
    world.gives("cast_vote", { { n = 1, outcome = name, movie_id = 3, month = "2026-11",
      voted_at = name == "cast" and "2026-11-22T18:13:00Z" or nil, next_vote_at = "2026-12-01T00:00:00Z" } })
  end

  local function vote(target)
    return ask("POST", target or "/vote/3", { headers = ana })
  end

  it("is 201 with the vote", function()
    outcome "cast"
    local answer = vote()
    assert.equal(201, answer.status)
    assert.same({ movie_id = 3, month = "2026-11", voted_at = "2026-11-22T18:13:00Z" }, answer.json)
    assert.same({ 7, 3, n = 2 }, world.args_of "cast_vote")
  end)

  it("is 409 the second time, with the time of the next", function()
    outcome "again"
    local answer = vote()
    assert.equal(409, answer.status)
    assert.same({ detail = "you have voted this month", next_vote_at = "2026-12-01T00:00:00Z" }, answer.json)
  end)

  it("is 404 for no film and 401 for no user", function()
    outcome "no_movie"
    assert.equal(404, vote().status)
    outcome "no_user"
    assert.equal(401, vote().status)
  end)

  it("tells strangers nothing but to sign in, whatever the path", function()
    assert.equal(401, ask("POST", "/vote/none").status)
    assert.equal(422, vote "/vote/none".status)
    assert.same({}, world.calls)
  end)

  it("is 503 when the outcome is not known, and says so", function()
    world.fails("cast_vote", "the connection died", "unknown")
    local answer = vote()
    assert.equal(503, answer.status)
    assert.matches("may have been counted", answer.json.detail)
    assert.equal("1", answer.headers["retry-after"])
  end)
end)
