local fail = require "plateia.fail"
local failure = require "plateia.failure"

local function raised(...)
  local fine, value = pcall(...)
  assert.is_false(fine)
  assert.is_true(failure.is(value))
  return value
end

describe("fail", function()
  for code, status in pairs { bad_request = 400, unauthorized = 401, forbidden = 403, not_found = 404, conflict = 409,
    too_large = 413, unsupported = 415, invalid = 422, too_many = 429, error = 500, busy = 503, timeout = 503,
    unknown = 503 } do
    it(code .. " is " .. status, function()
      local value = raised(fail[code], "because", { extra = 1 })
      assert.same({ status, code, "because", { extra = 1 } }, { value.status, value.code, value.detail, value.more })
    end)
  end

  it("has words of its own where the outcome matters", function()
    assert.matches("may have been done", raised(fail.unknown).detail)
    assert.matches("try again", raised(fail.busy).detail)
    assert.matches("try again", raised(fail.timeout).detail)
    assert.is_nil(raised(fail.not_found).detail)
  end)

  it("raises about a code that it does not have", function()
    assert.has_error(function() fail.teapot "no coffee" end, "there is no fail.teapot")
    assert.has_error(function() fail[nil] "?" end, "there is no fail.nil")
  end)

  it("is not confused with tables that only look alike", function()
    assert.is_false(failure.is { status = 404, detail = "x" })
    assert.is_false(failure.is "text")
  end)
end)
