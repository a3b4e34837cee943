-- How a run of specs is told: dots, names, TAP; the last line says it all.

local report = require "plateia.test_report"

local failure = { place = "scripts/x_spec.lua:3", name = "x fails", why = "scripts/x_spec.lua:4: expected 1, got 2",
  trace = { "scripts/x_spec.lua:4", "scripts/x_spec.lua:9" } }

local function run(told)
  return told:pass "x works" .. told:fail(failure) .. told:skip("x waits", "not today") .. told:finish()
end

describe("the report of a run", function()
  it("is dots, and then what failed", function()
    assert.equal(".F-\nFAIL scripts/x_spec.lua:3: x fails\n     scripts/x_spec.lua:4: expected 1, got 2\n"
      .. "       scripts/x_spec.lua:4\n       scripts/x_spec.lua:9\n1 passed, 1 failed, 1 skipped\n",
      run(report.new "dots"))
  end)

  it("names each where that is wanted", function()
    assert.matches("^ok   x works\nFAIL x fails\nskip x waits\nFAIL scripts/x_spec.lua:3: x fails\n",
      run(report.new "names"))
  end)

  it("is TAP for machines", function()
    assert.equal("ok 1 - x works\nnot ok 2 - x fails\n# scripts/x_spec.lua:3: scripts/x_spec.lua:4: expected 1, got 2\n"
      .. "#   scripts/x_spec.lua:4\n#   scripts/x_spec.lua:9\nok 3 - x waits # SKIP not today\n1..3\n"
      .. "1 passed, 1 failed, 1 skipped\n",
      run(report.new("tap", true)))
  end)

  it("is coloured where it is asked for", function()
    assert.matches("^\27%[32m%.\27%[0m\27%[31mF\27%[0m", run(report.new("dots", true)))
    assert.is_nil(run(report.new("dots", false)):find("\27", 1, true))
  end)

  it("leaves out what there is none of", function()
    assert.equal("F\nFAIL a:1: x\n     a:2: why\n0 passed, 1 failed\n", (function()
      local told = report.new "dots"
      return told:fail { place = "a:1", name = "x", why = "a:2: why", trace = { "a:2" } } .. told:finish()
    end)())
    local told = report.new "dots"
    assert.equal(".\n1 passed, 0 failed\n", told:pass "x" .. told:finish())
    assert.equal("0 passed, 0 failed\n", report.new "dots":finish())
  end)
end)
