local metrics = require "plateia.metrics"
local world = require "tests.spec.support.world"

before_each(world.reset)

describe("a metric", function()
  it("counts by its labels", function()
    local tries = metrics.counter("tries_total", "Tries.", { "result", "way" })
    tries:add(1, "good", "door")
    tries:add(2, "good", "door")
    tries:add(1, "bad", "window")
    assert.same({ ["tries_total{good,door}"] = 3, ["tries_total{bad,window}"] = 1 }, world.counted)
  end)

  it("that is a gauge is set and changed, a histogram takes values in", function()
    local depth = metrics.gauge("depth_meters", "Depth.")
    local sizes = metrics.histogram("size_bytes", "Sizes.", {}, { 1, 10 })
    depth:set(7)
    depth:add(-3)
    sizes:add(5)
    assert.same({ ["depth_meters{}"] = 4, ["size_bytes{}"] = 5 }, world.counted)
    assert.is_nil(sizes.set)
    assert.is_nil(metrics.counter("steps_total", "Steps.").set)
  end)

  it("declared once more goes on counting", function()
    metrics.counter("laps_total", "Laps."):add(1)
    metrics.counter("laps_total", "Laps, said better."):add(1)
    assert.equal(2, world.counted["laps_total{}"])
  end)

  it("is refused where the core refuses it, and at its place, in the core's words", function()
    world.metrics_refused = "x: a counter's name ends in _total"
    local fine, why = pcall(metrics.counter, "x", "X.")
    assert.is_false(fine)
    assert.matches("metrics.counter: x: a counter's name ends in _total", why, 1, true)
  end)

  it("is refused where it is none", function()
    local function refused(words, kind, ...)
      local fine, why = pcall(metrics[kind], ...)
      assert.is_false(fine)
      assert.matches(words, why, 1, true)
    end
    refused("a name was expected, not a table", "counter", {}, "X.")
    refused("a sentence that explains it", "gauge", "x")
    refused("the labels are a list of names", "gauge", "x", "X.", "label")
    refused("the labels are a list of names", "gauge", "x", "X.", { 1 })
    refused("the labels are a list of names", "gauge", "x", "X.", { a = "b" })
    refused("the bounds are a list of numbers", "histogram", "x", "X.", {}, { "1" })
  end)

  it("takes as many labels as it has", function()
    local tries = metrics.counter("tries_total", "Tries.", { "result", "way" })
    assert.has_error(function() tries:add(1, "good") end)
  end)
end)
