-- The assertions that `plateia test` gives to specs, held against busted's own: what one accepts, the other does.

local ours = require "plateia.test_assert"

local function fails(fn)
  local fine, why = pcall(fn)
  return not fine and tostring(why) or nil
end

-- Each on ours and on busted's: both hold, or neither.
local cases = {
  { true, function(a) a.equal(1, 1) end },
  { false, function(a) a.equal(1, 2) end },
  { false, function(a) a.equal({}, {}) end },
  { true, function(a) a.equals("x", "x") end },
  { true, function(a) a.same({ a = { 1, 2 } }, { a = { 1, 2 } }) end },
  { false, function(a) a.same({ a = { 1, 2 } }, { a = { 1 } }) end },
  { false, function(a) a.same({ 1 }, { 1, 2 }) end },
  { true, function(a) a.are.same({}, {}) end },
  { true, function(a) a.are_not.same({}, { 1 }) end },
  { true, function(a) a.is_not.equal(1, 2) end },
  { false, function(a) a.is_not.equal(1, 1) end },
  { true, function(a) a.are_equal(3, 3) end },
  { true, function(a) a.is_true(true) end },
  { false, function(a) a.is_true(1) end },
  { true, function(a) a.is_false(false) end },
  { false, function(a) a.is_false(nil) end },
  { true, function(a) a.is_nil(nil) end },
  { false, function(a) a.is_nil(false) end },
  { true, function(a) a.is_not_nil(false) end },
  { true, function(a) a.truthy(0) end },
  { false, function(a) a.truthy(nil) end },
  { true, function(a) a.is_truthy "x" end },
  { true, function(a) a.falsy(false) end },
  { true, function(a) a.is_falsy(nil) end },
  { true, function(a) a.has_error(function() error "x" end) end },
  { true, function(a) a.has_error(function() error "x" end, "x") end },
  { false, function(a) a.has_error(function() error "x" end, "y") end },
  { true, function(a) a.has.error(function() error({ 1 }) end, { 1 }) end },
  { false, function(a) a.has_error(function() end) end },
  { true, function(a) a.has_no.errors(function() end) end },
  { true, function(a) a.has_no_error(function() end) end },
  { false, function(a) a.has_no.errors(function() error "x" end) end },
  { true, function(a) a.error_matches(function() error "some thing" end, "^some") end },
  { false, function(a) a.error_matches(function() error "some thing" end, "^thing") end },
  { true, function(a) a.matches("^a%d", "a1") end },
  { false, function(a) a.matches("^a%d", "b1") end },
  { true, function(a) a.matches("a.", "xa.", 1, true) end },
  { true, function(a) a.is_not.matches("a", "b") end },
  { true, function(a) a.near(1, 1.05, 0.1) end },
  { false, function(a) a.near(1, 1.2, 0.1) end },
  { true, function(a) a.is_string "x" end },
  { false, function(a) a.is_number "x" end },
  { true, function(a) a.is_table {} end },
  { true, function(a) a.is_function(print) end },
  { true, function(a) a.is_boolean(false) end },
  { true, function(a) a(1) end },
  { false, function(a) a(nil) end },
  { false, function(a) a(false, "a message") end },
}

describe("plateia.test's assert", function()
  for i, case in ipairs(cases) do
    it("judges as busted's does: " .. i, function()
      assert.equal(case[1], fails(function() case[2](ours) end) == nil, "ours")
      assert.equal(case[1], fails(function() case[2](assert) end) == nil, "busted's")
    end)
  end

  it("says what was wanted and what was there", function()
    assert.equal("expected 1, got 2", fails(function() ours.equal(1, 2) end))
    assert.equal("expected the like of { a = 1 }, got { a = 2 }", fails(function() ours.same({ a = 1 }, { a = 2 }) end))
    assert.equal("expected anything but 1", fails(function() ours.are_not.equal(1, 1) end))
    assert.equal("expected true, got \"x\"", fails(function() ours.is_true "x" end))
    assert.equal("expected an error, and there was none", fails(function() ours.has_error(function() end) end))
    assert.equal("the words\nexpected 1, got 2", fails(function() ours.equal(1, 2, "the words") end))
    assert.equal("the words\nexpected true, got 1", fails(function() ours.is_true(1, "the words") end))
    assert.equal("a message", fails(function() ours(false, "a message") end))
  end)

  it("hands its values on, as Lua's does", function()
    assert.same({ 1, 2, 3 }, { ours(1, 2, 3) })
  end)

  it("names those that there are where one is misspelt", function()
    assert.matches("there is no assertion \"is_equul\": equal, same", fails(function() ours.is_equul(1, 1) end))
    assert.matches("takes 2 values", fails(function() ours.equal(1) end))
  end)

  it("is not changed by a spec", function()
    assert.matches("cannot be changed", fails(function() ours.equal = print end))
  end)
end)

describe("plateia.test_show", function()
  local show = require "plateia.test_show"

  it("shows values as one would write them", function()
    assert.equal("\"a\\nb\"", show "a\nb")
    assert.equal("{ 1, 2, x = { y = true } }", show { 1, 2, x = { y = true } })
    assert.equal("{}", show {})
    assert.equal("nil", show(nil))
  end)

  it("comes to an end", function()
    local circle = {}
    circle.circle = circle
    assert.matches("%.%.%.", show(circle))
    local long = {}
    for i = 1, 1000 do long[i] = i end
    assert.is_true(#show(long) < 1000)
    assert.is_true(#show(("x"):rep(100000)) <= 2000)
  end)
end)
