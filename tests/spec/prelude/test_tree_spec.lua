-- What a spec file's words make, and in which order it is run.

local tree = require "plateia.test_tree"

local function load_file(fn)
  local root, globals = tree.new("scripts/x_spec.lua", assert, function() return nil end)
  fn(globals)
  return root
end

local function names(steps)
  local list = {}
  for i, step in ipairs(steps) do
    list[i] = step.kind == "spec" and tree.full_name(step.spec) or step.kind .. " " .. tree.full_name(step.block)
  end
  return list
end

local function all() return true end

describe("the tree of a spec file", function()
  local root

  before_each(function()
    root = load_file(function(g)
      g.describe("outer", function()
        g.setup(function() end)
        g.it("one", function() end)
        g.context("inner", function()
          g.before_each(function() end)
          g.it("two", function() end)
          g.pending("three", "not today")
        end)
        g.describe("with a teardown", function()
          g.lazy_teardown(function() end)
          g.test("four", function() end)
        end)
      end)
      g.it "alone"
    end)
  end)

  it("is run in the order of the file, a block between its setup and teardown", function()
    assert.same({ "setup outer", "outer one", "outer inner two", "outer inner three", "setup outer with a teardown",
      "outer with a teardown four", "teardown outer with a teardown", "teardown outer", "alone" },
      names(tree.plan({ root }, all)))
  end)

  it("runs no setup for nothing", function()
    local function wanted(spec) return spec.name == "alone" end
    assert.same({ "alone" }, names(tree.plan({ root }, wanted)))
  end)

  it("knows what is pending", function()
    local steps = tree.plan({ root }, all)
    assert.equal("not today", steps[4].spec.skip)
    assert.is_nil(steps[4].spec.fn)
    assert.is_nil(steps[9].spec.fn)
    assert.is_function(steps[2].spec.fn)
  end)

  it("knows where each spec stands", function()
    local steps = tree.plan({ root }, all)
    assert.matches("test_tree_spec%.lua:%d+$", steps[2].spec.place)
  end)

  it("refuses words where they mean nothing", function()
    assert.error_matches(function() load_file(function(g) g.setup(3) end) end, "setup takes a function")
    assert.error_matches(function() load_file(function(g) g.finally(print) end) end, "finally stands in a spec")
    local _, globals = tree.new("x", assert, function() return { finally = {} } end)
    assert.error_matches(function() globals.it("x", print) end, "it stands in a describe, not in a spec")
    local fine, raised = pcall(globals.pending, "later")
    assert.is_false(fine)
    assert.is_true(tree.is_pending(raised))
    assert.is_false(tree.is_pending { message = "later" })
  end)
end)
