local field = require "plateia.field"
local null = require("plateia.json").null

-- What is wrong with the only problem of a read.
local function problem(read, input)
  local value, problems = read(input)
  assert.is_nil(value)
  assert.equal(1, #problems)
  return problems[1]
end

describe("field.integer", function()
  local any, small = field.integer {}, field.integer { min = 1, max = 100 }

  it("reads decimal digits from text", function()
    assert.equal(42, any.text "42")
    assert.equal(-7, any.text "-7")
    assert.equal(7, any.text "007")
    assert.equal("integer", math.type(any.text "42"))
  end)

  for _, text in ipairs { "", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "one", "--1", "1_000", "١" } do
    it(("refuses the text %q"):format(text), function()
      local wrong = problem(any.text, text)
      assert.equal("int_parsing", wrong.type)
      assert.equal("Input should be a valid integer, unable to parse string as an integer", wrong.msg)
      assert.equal(text, wrong.input)
    end)
  end

  it("ends at 2^53 on both sides, in text and in JSON", function()
    assert.equal(9007199254740992, any.text "9007199254740992")
    assert.equal(-9007199254740992, any.text "-9007199254740992")
    assert.equal("int_parsing_size", problem(any.text, "9007199254740993").type)
    assert.equal("int_parsing_size", problem(any.text, "-9007199254740993").type)
    assert.equal("int_parsing_size", problem(any.text, ("9"):rep(400)).type)
    assert.equal("int_parsing_size", problem(any.json, 9.1e15).type)
    assert.equal(9007199254740992, any.json(9007199254740992))
  end)

  it("holds to its bounds and names them", function()
    assert.equal(1, small.text "1")
    assert.equal(100, small.json(100))
    local low, high = problem(small.text, "0"), problem(small.json, 101)
    assert.same({ "greater_than_equal", { ge = 1 }, "0" }, { low.type, low.ctx, low.input })
    assert.same({ "less_than_equal", { le = 100 }, 101 }, { high.type, high.ctx, high.input })
    assert.equal("Input should be less than or equal to 100", high.msg)
  end)

  it("takes integral floats from JSON, and neither fractions nor other kinds", function()
    assert.equal("integer", math.type(any.json(5.0)))
    assert.equal("int_from_float", problem(any.json, 5.5).type)
    for _, value in ipairs { "5", true, null, {} } do assert.equal("int_type", problem(any.json, value).type) end
  end)
end)

describe("field.number", function()
  local ratio = field.number { min = 0, max = 1 }

  it("reads decimals and exponents from text", function()
    assert.equal(0.25, ratio.text "0.25")
    assert.equal(0.001, ratio.text "1e-3")
    for _, text in ipairs { "", "nan", "inf", "0x1p4", ".", "1,5", "1e999", " 1" } do
      assert.equal("float_parsing", problem(ratio.text, text).type, text)
    end
  end)

  it("holds to its bounds", function()
    assert.equal("less_than_equal", problem(ratio.json, 1.5).type)
    assert.equal("greater_than_equal", problem(ratio.text, "-1").type)
    assert.equal("float_type", problem(ratio.json, "1").type)
  end)
end)

describe("field.string", function()
  local name = field.string { min_length = 2, max_length = 4 }

  it("counts characters, not bytes", function()
    assert.equal("ação", name.json "ação")
    assert.equal("string_too_short", problem(name.json, "é").type)
    local long = problem(name.json, "ações")
    assert.same({ "string_too_long", { max_length = 4 } }, { long.type, long.ctx })
    assert.equal("String should have at most 4 characters", long.msg)
  end)

  it("says one character, not one characters", function()
    assert.equal("String should have at least 1 character", problem(field.string { min_length = 1 }.text, "").msg)
  end)

  it("refuses other kinds, NUL and bytes that are no text", function()
    assert.equal("string_type", problem(name.json, 12).type)
    assert.equal("string_type", problem(name.json, null).type)
    assert.equal("value_error", problem(name.json, "a\0b").type)
    local bytes = problem(name.text, "\xff\xfe")
    assert.equal("string_unicode", bytes.type)
    assert.equal(null, bytes.input)
  end)

  it("knows formats", function()
    local email = field.string { format = "email" }
    assert.equal("ana@example.org", email.json "ana@example.org")
    assert.equal("Value error, expected an email address such as ana@example.org", problem(email.json, "ana").msg)
    assert.equal("anything", field.string { format = "password" }.json "anything")
    assert.has_error(function() field.string { format = "e-mail" } end)
  end)
end)

describe("field.boolean", function()
  local flag = field.boolean {}

  it("reads the words that forms use", function()
    for _, text in ipairs { "true", "1", "on", "YES" } do assert.is_true(flag.text(text)) end
    for _, text in ipairs { "false", "0", "off", "No" } do
      local value, problems = flag.text(text)
      assert.is_false(value)
      assert.is_nil(problems)
    end
    assert.equal("bool_parsing", problem(flag.text, "maybe").type)
  end)

  it("takes JSON's own booleans only", function()
    assert.is_false((flag.json(false)))
    assert.equal("bool_type", problem(flag.json, 1).type)
    assert.equal("bool_type", problem(flag.json, "true").type)
  end)
end)

describe("field.choice", function()
  local pick = field.choice { "a", "b", "c", default = "b" }

  it("takes one of its words", function()
    assert.equal("a", pick.text "a")
    local wrong = problem(pick.json, "d")
    assert.same({ "literal_error", "Input should be 'a', 'b' or 'c'", { expected = "'a', 'b' or 'c'" } },
      { wrong.type, wrong.msg, wrong.ctx })
    assert.equal("literal_error", problem(pick.json, 1).type)
    assert.equal("b", pick.default)
  end)

  it("needs at least one", function()
    assert.has_error(function() field.choice {} end)
  end)
end)

describe("any field", function()
  it("is one that there is, and made by a call", function()
    local fine, why = pcall(function() return field.int {} end)
    assert.is_false(fine)
    assert.matches("field_spec.lua:%d+: there is no field.int; there are: any, boolean, choice, integer, list", why)
    fine, why = pcall(field.object, { id = field.integer })
    assert.is_false(fine)
    assert.matches('"id" is a function: a field is made by a call, as in field.integer {}', why, 1, true)
    fine, why = pcall(field.object, { id = 5 })
    assert.is_false(fine)
    assert.matches('"id" is a number, not a field of plateia.field', why, 1, true)
  end)

  it("passes a good value through its check, which may change it", function()
    local even = field.integer { check = function(n) return n % 2 == 0 and n // 2 or nil, "not even" end }
    assert.equal(21, even.text "42")
    local wrong = problem(even.json, 3)
    assert.same({ "value_error", "Value error, not even", 3 }, { wrong.type, wrong.msg, wrong.input })
  end)

  it("does not ask its check about a value that is wrong already", function()
    local asked = false
    problem(field.integer { check = function() asked = true end }.text, "x")
    assert.is_false(asked)
  end)

  it("does not repeat a secret", function()
    assert.equal(null, problem(field.string { min_length = 8, secret = true }.json, "short").input)
  end)

  it("refuses options that mean nothing, at the place of the declaration", function()
    local fine, why = pcall(function() return (field.integer { minimum = 1 }) end)
    assert.is_false(fine)
    assert.matches("field_spec.lua:%d+: field.integer: there is no key \"minimum\"", why)
    assert.matches("min", why)
    assert.has_error(function() field.integer { min = "1" } end)
    assert.has_error(function() field.integer(5) end)
  end)

  it("refuses bounds between which nothing lies, at the place of the declaration", function()
    for _, make in ipairs {
      function() return (field.integer { min = 5, max = 1 }) end,
      function() return (field.number { min = 0.5, max = 0.25 }) end,
      function() return (field.string { min_length = 3, max_length = 2 }) end,
      function() return (field.list { of = field.integer {}, min = 2, max = 1 }) end,
    } do
      local fine, why = pcall(make)
      assert.is_false(fine)
      assert.matches("field_spec.lua:%d+: field%.%l+: nothing fits: min", why)
    end
    assert.equal(5, field.integer { min = 5, max = 5 }.json(5))
  end)

  it("says where a default or an example stands that does not fit", function()
    local fine, why = pcall(function() return (field.integer { min = 1, default = 0 }) end)
    assert.is_false(fine)
    assert.matches("^[^:]*field_spec.lua:%d+: field.integer: the default does not fit", why)
    fine, why = pcall(function() return (field.list { of = field.integer {}, max = 1, example = { 1, 2 } }) end)
    assert.is_false(fine)
    assert.matches("^[^:]*field_spec.lua:%d+: field.list: the example does not fit", why)
  end)

  it("holds its own default against itself", function()
    assert.equal(20, field.integer { min = 1, default = 20 }.default)
    assert.has_error(function() field.integer { min = 1, default = 0 } end)
    assert.has_error(function() field.string { default = {} } end)
    assert.is_false(field.boolean { default = false }.default)
  end)
end)
