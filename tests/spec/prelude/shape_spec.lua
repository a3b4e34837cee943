local field = require "plateia.field"
local json = require("plateia.raw").json

local null = json.null

local Film = field.object {
  id = field.integer { min = 1 },
  title = field.string { min_length = 1 },
  year = field.integer { optional = true },
}

-- "type at loc" of each problem.
local function problems_of(read, input)
  local value, problems = read(input)
  assert.is_nil(value)
  local list = {}
  for i, problem in ipairs(problems) do list[i] = problem.type .. " at " .. table.concat(problem.loc, ".") end
  return list
end

describe("an object from JSON", function()
  it("keeps what is declared and drops the rest", function()
    assert.same({ id = 1, title = "A" }, Film.json { id = 1, title = "A", admin = true })
  end)

  it("finds everything that is wrong, each with its place", function()
    assert.same({ "greater_than_equal at id", "missing at title", "int_type at year" },
      problems_of(Film.json, { id = 0, year = "x" }))
  end)

  it("takes null for an optional member as absent, for another as wrong", function()
    assert.same({ id = 1, title = "A" }, Film.json { id = 1, title = "A", year = null })
    assert.same({ "string_type at title" }, problems_of(Film.json, { id = 1, title = null }))
  end)

  it("fills in defaults", function()
    local shape = field.object { limit = field.integer { default = 20 } }
    assert.same({ limit = 20 }, shape.json {})
    assert.same({ limit = 5 }, shape.json { limit = 5 })
  end)

  it("is neither a list nor a plain value", function()
    for _, value in ipairs { "x", 1, true, null, json.array {}, { 1, 2 } } do
      assert.same({ "model_attributes_type at " }, problems_of(Film.json, value))
    end
  end)

  it("tells places inside objects and lists", function()
    local shape = field.object { films = field.list { of = Film } }
    assert.same({ "missing at films.1.title", "int_type at films.2.id" }, problems_of(shape.json,
      { films = { { id = 1, title = "A" }, { id = 2 }, { id = "3", title = "C" } } }))
  end)

  it("gives back no containers, which could be too deep to answer with", function()
    assert.equal(null, select(2, Film.json({ id = { {} }, title = "A" }))[1].input)
  end)

  it("is made of fields", function()
    assert.has_error(function() field.object { id = 5 } end)
    assert.has_error(function() field.object { field.integer {} } end)
    assert.has_error(function() field.object() end)
  end)
end)

describe("a list from JSON", function()
  local ids = field.list { of = field.integer { min = 1 }, min = 1, max = 3 }

  it("reads each item and counts from zero in its messages", function()
    assert.same({ 1, 2 }, ids.json { 1, 2 })
    assert.same({ "greater_than_equal at 1" }, problems_of(ids.json, { 1, 0 }))
  end)

  it("holds to its bounds", function()
    assert.same({ "too_short at " }, problems_of(ids.json, json.array {}))
    assert.same({ "too_long at " }, problems_of(ids.json, { 1, 2, 3, 4 }))
    assert.equal("List should have at least 1 item after validation, not 0", select(2, ids.json(json.array {}))[1].msg)
  end)

  it("is no object and no plain value", function()
    assert.same({ "list_type at " }, problems_of(ids.json, { a = 1 }))
    assert.same({ "list_type at " }, problems_of(ids.json, "1"))
  end)

  it("is not told of without end", function()
    local given = {}
    for i = 1, 5000 do given[i] = false end
    local _, problems = field.list({ of = field.integer {} }).json(json.array(given))
    assert.equal(100, #problems)
    assert.same({ 99 }, problems[100].loc)
  end)

  it("says of what", function()
    assert.has_error(function() field.list {} end)
    assert.is_truthy(field.list { of = { id = field.integer {} } })
  end)
end)

describe("an answer", function()
  local function write(form, value)
    return json.write(json.shape(form), value)
  end

  it("holds declared members only, in the order of their declaration, and null for an optional one", function()
    assert.equal('{"id":1,"title":"A","year":null}', write(Film, { id = 1, title = "A", password_hash = "x" }))
    assert.equal('{"id":1,"title":"A","year":1999}', write(Film, { id = 1, title = "A", year = 1999 }))
  end)

  it("names the member that is missing or of the wrong kind", function()
    assert.equal(".title is missing", select(2, write(Film, { id = 1 })))
    assert.equal(".id is missing", select(2, write(Film, { id = null, title = "A" })))
    assert.equal(".id is a string, not an integer", select(2, write(Film, { id = "1", title = "A" })))
    local page = field.object { items = field.list { of = Film } }
    assert.equal(".items[2].title is missing",
      select(2, write(page, { items = { { id = 1, title = "A" }, { id = 2 } } })))
    assert.equal(".items is a string, not a list", select(2, write(page, { items = "none" })))
    assert.equal(" is a number, not a table", select(2, write(page, 5)))
  end)

  it("writes what each kind of field may be", function()
    assert.equal("5", write(field.integer {}, 5.0))
    assert.equal(" is a number, not an integer", select(2, write(field.integer {}, 5.5)))
    assert.equal("0.5", write(field.number {}, 0.5))
    assert.equal("false", write(field.boolean {}, false))
    assert.equal('"b"', write(field.choice { "a", "b" }, "b"))
    assert.equal(" is none of its choices", select(2, write(field.choice { "a", "b" }, "c")))
    assert.equal("[]", write(field.list { of = Film }, {}))
    assert.same({ n = 1 }, table.pack(write(field.nothing, nil)))
    assert.equal(" is a string, not nil", select(2, write(field.nothing, "x")))
  end)
end)
