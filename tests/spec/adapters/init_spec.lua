local adapter = require "adapters"

local function declaration(changes)
  local given = {
    name = "test",
    fields = { title = "t", year = "y", minutes = "m", key = "k" },
    sample = { record = { t = "A", k = "1", y = 1999 }, film = { title = "A", key = "1", year = 1999 } },
  }
  for key, value in pairs(changes or {}) do given[key] = value end
  return given
end

local function refusal(changes)
  local fine, why = pcall(adapter, declaration(changes))
  assert.is_false(fine)
  return why
end

describe("an adapter", function()
  it("takes fields over by its map", function()
    assert.same({ title = "B", key = "2", minutes = 90 }, adapter(declaration()).translate { t = "B", k = "2", m = 90 })
  end)

  it("trims text and takes empty text as none", function()
    local made = adapter(declaration())
    assert.same({ title = "B c", key = "2" }, made.translate { t = " B c\n", k = "2" })
    assert.same({ "has no title", "has no key" },
      { select(2, made.translate { t = "  ", k = "2" }), (select(2, made.translate { t = "B", k = "" })) })
  end)

  it("says which value it cannot take", function()
    local translate = adapter(declaration()).translate
    for reason, record in pairs {
      ["does not fit: its title is no text"] = { t = 5, k = "1" },
      ["does not fit: its title is longer than 300 characters"] = { t = ("é"):rep(301), k = "1" },
      ["does not fit: its year is no whole number"] = { t = "A", k = "1", y = "1999" },
      ["does not fit: its year is not from 1870 to 2200"] = { t = "A", k = "1", y = 12 },
      ["does not fit: its minutes is not from 1 to 6000"] = { t = "A", k = "1", m = 0 },
    } do
      assert.equal(reason, select(2, translate(record)))
    end
  end)

  it("lets a function make or refuse what a map cannot say", function()
    local made = adapter(declaration { functions = {
      title = function(value, record) if record.hidden then return nil, "is hidden" end return value end,
      key = function(_, _, film) return film.title and "key of " .. film.title end,
    }, sample = { record = { t = "A" }, film = { title = "A", key = "key of A" } } })
    assert.same({ title = "B", key = "key of B" }, made.translate { t = "B" })
    assert.equal("is hidden", select(2, made.translate { t = "B", hidden = true }))
  end)

  it("tries its sample when it is declared", function()
    assert.matches("adapter test: its sample's year became 1999, not 2000",
      refusal { sample = { record = { t = "A", k = "1", y = 1999 }, film = { title = "A", key = "1", year = 2000 } } })
    assert.matches("adapter test: its sample has no title", refusal { sample = { record = {}, film = {} } })
  end)

  it("has the keys of an adapter", function()
    assert.matches("mapping is no key of an adapter", refusal { mapping = {} })
    assert.matches("fields is no table", refusal { fields = "t" })
    assert.matches("a film has no rating", refusal { functions = { rating = function() end } })
    local without = declaration()
    without.sample = nil
    assert.has_error(function() adapter(without) end, "adapter test: sample is missing")
  end)

  it("follows a path into tables, and finds nothing where there are none", function()
    local made = adapter(declaration { fields = { title = { "t", "value" }, key = "k" },
      sample = { record = { t = { value = "A" }, k = "1" }, film = { title = "A", key = "1" } } })
    assert.equal("B", made.translate({ t = { value = "B" }, k = "2" }).title)
    for _, strange in ipairs { "B", 5, {}, { value = {} } } do
      assert.is_nil((made.translate { t = strange, k = "2" }))
    end
  end)

  it("gives the key of a record that it refuses, where there is one", function()
    local made = adapter(declaration())
    assert.same({ nil, "has no title", "2" }, { made.translate { k = "2" } })
    assert.same({ nil, "does not fit: its year is no whole number", "2" },
      { made.translate { t = "A", k = "2", y = "1999" } })
    assert.same({ nil, "does not fit: its year is no whole number" }, { made.translate { t = "A", k = 5, y = {} } })
  end)
end)

describe("an adapter's pages", function()
  it("are those of a JSON array", function()
    local made = adapter(declaration())
    assert.same({ { { t = "A" } }, 12, 12 }, { made.pages ' [{"t":"A"}]' () })
    assert.is_nil((made.pages "[]" ()))
    assert.equal("invalid", select(3, made.pages '{"t":"A"}'))
  end)

  it("are what it fetches, cut to 50 records", function()
    local lists = { {}, {}, {} }
    for i = 1, 250 do lists[2][i] = i end
    lists[3][1] = 251
    local next_page = adapter(declaration { fetch = function(page) return lists[page] end }).pages()
    local sizes, last = {}, 0
    for records, done in next_page do
      sizes[#sizes + 1] = #records
      last = last + #records
      assert.equal(last, done)
    end
    assert.same({ 50, 50, 50, 50, 50, 1 }, sizes)
    assert.equal(251, last)
  end)

  it("end with the reason where fetching fails", function()
    local made = adapter(declaration { fetch = function() return nil, "the source is down", "busy" end })
    assert.same({ nil, "the source is down", "busy" }, { made.pages()() })
  end)

  it("are read by a function of its own where a file is no JSON", function()
    local made = adapter(declaration { read = function(text)
      if text == "" then return nil, "the file is empty", "invalid" end
      local list = {}
      for line in text:gmatch "[^\n]+" do list[#list + 1] = { t = line, k = line } end
      return list
    end })
    assert.same({ { t = "A", k = "A" }, { t = "B", k = "B" } }, (made.pages "A\nB\n" ()))
    assert.same({ nil, "the file is empty", "invalid" }, { made.pages "" })
  end)

  it("are none where it brings nothing", function()
    assert.same({ nil, 'the adapter "test" brings nothing by itself: give it a file', "invalid" },
      { adapter(declaration()).pages() })
  end)
end)
