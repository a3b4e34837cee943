local test = require "plateia.test"

local function vote(film, user)
  local answer = test.post("/vote/" .. film, { as = user })
  assert.equal(201, answer.status, answer.body)
end

describe("a vote", function()
  it("is for a film that there is", function()
    vote(999999, test.user())
  end)

  it("comes to an end", function()
    while true do end
  end)

  it "may be taken back"
end)
