local catalogue = require "lib.catalogue"
local json = require "plateia.json"
local world = require "tests.spec.support.world"

-- An adapter whose records are titles; "" has none, "!..." has a key of its own choice.
local function translate(record)
  if record == "" then return nil, "has no title" end
  return { key = record:match "^[^!]*", title = record }
end

local function adapter_of(pages)
  return { name = "list", translate = translate, fetch = pages and function(page) return pages[page] end,
    read = json.decode }
end

local function titles(count, first)
  local list = {}
  for i = 1, count do list[i] = "Film " .. (first or 1) + i - 1 end
  return list
end

before_each(function()
  world.reset()
  world.gives("lock_catalogue", { { locked = true } })
  world.answers.import_movies = function(_, keys) return { { added = #keys, changed = 0, unchanged = 0 } } end
end)

describe("an import", function()
  it("is one transaction under the catalogue's lock", function()
    local report = world.drive(catalogue.import, adapter_of { titles(3) })
    assert.equal("3 films added, 0 changed, 0 unchanged", report)
    assert.same({ "begin", "lock_catalogue", "import_movies", "commit" }, world.called())
  end)

  it("sends columns, with null where a film says nothing", function()
    catalogue.import(adapter_of { { "A", "B" } })
    local args = world.args_of "import_movies"
    assert.same({ "list", { "A", "B" }, { "A", "B" } }, { table.unpack(args, 1, 3) })
    for column = 4, 7 do assert.same({ json.null, json.null }, args[column]) end
    assert.equal(7, args.n)
  end)

  it("sends 500 films at a time and tells how far it is", function()
    local progress = {}
    local report = catalogue.import(adapter_of { titles(1201) }, nil,
      function(done, total, what) progress[#progress + 1] = ("%d/%d %s"):format(done, total, what) end)
    assert.equal("1201 films added, 0 changed, 0 unchanged", report)
    assert.same({ "500/1201 records", "1000/1201 records" }, progress)
    local sizes = {}
    for _, call in ipairs(world.calls) do
      if call.name == "import_movies" then sizes[#sizes + 1] = #call.args[2] end
    end
    assert.same({ 500, 500, 201 }, sizes)
  end)

  it("asks for page after page until there is none", function()
    assert.equal("5 films added, 0 changed, 0 unchanged", catalogue.import(adapter_of { titles(3), titles(2, 4) }))
  end)

  it("reads a file instead where one is given", function()
    local report = catalogue.import(adapter_of { titles(9) }, '["A","B"]')
    assert.equal("2 films added, 0 changed, 0 unchanged", report)
  end)

  it("adds up what became of the films", function()
    world.answers.import_movies = function() return { { added = 1, changed = 2, unchanged = 3 } } end
    assert.equal("2 films added, 4 changed, 6 unchanged", catalogue.import(adapter_of { titles(501) }))
  end)

  it("reports records that are refused, by their number in the source", function()
    assert.equal("2 films added, 0 changed, 0 unchanged, 1 record refused: record 2 has no title",
      catalogue.import(adapter_of { { "A", "", "B" } }))
    assert.equal("0 films added, 0 changed, 0 unchanged, 2 records refused: record 1 has no title; "
      .. "record 2 has no title", catalogue.import(adapter_of { { "" }, { "" } }))
  end)

  it("refuses a key that came before, on whatever page", function()
    local report = catalogue.import(adapter_of { { "A", "B" }, { "A!again" } })
    assert.equal("2 films added, 0 changed, 0 unchanged, 1 record refused: record 3 has the key of record 1", report)
  end)

  it("names ten refused records and counts the rest", function()
    local page = {}
    for i = 1, 12 do page[i] = "" end
    assert.matches("12 records refused: record 1 .*; record 10 has no title; and 2 more$",
      catalogue.import(adapter_of { page }))
  end)

  it("changes nothing when a page fails", function()
    world.fails("import_movies", "a value is too long", "error")
    assert.same({ nil, "a value is too long", "error" }, { catalogue.import(adapter_of { titles(3) }) })
    assert.equal("rollback", world.calls[#world.calls].name)
    assert.is_nil(world.open)
  end)

  it("changes nothing when the source fails half-way", function()
    local adapter = adapter_of {}
    adapter.fetch = function(page)
      if page == 1 then return titles(600) end
      return nil, "the source is down", "busy"
    end
    assert.same({ nil, "the source is down", "busy" }, { catalogue.import(adapter) })
    assert.equal("rollback", world.calls[#world.calls].name)
  end)

  it("says that a file is needed or is none", function()
    assert.matches("give it a file", select(2, catalogue.import(adapter_of(nil))))
    assert.equal("invalid", select(3, catalogue.import(adapter_of(nil), "{")))
  end)

  it("gives the lock's place back when it cannot have it", function()
    world.fails("lock_catalogue", "too long", "timeout")
    assert.same({ nil, "too long", "timeout" }, { catalogue.import(adapter_of { titles(1) }) })
    assert.is_nil(world.open)
    world.fails("begin", "no lease", "busy")
    assert.same({ nil, "no lease", "busy" }, { catalogue.import(adapter_of { titles(1) }) })
  end)
end)

describe("the seed", function()
  it("fills an empty catalogue", function()
    world.gives("catalogue_size", { { films = 0 } })
    assert.equal("3 films added, 0 changed, 0 unchanged", world.drive(catalogue.seed, adapter_of { titles(3) }))
    assert.same({ "begin", "lock_catalogue", "catalogue_size", "import_movies", "commit" }, world.called())
  end)

  it("leaves one that holds films alone", function()
    world.gives("catalogue_size", { { films = 12 } })
    assert.equal("the catalogue holds 12 films", catalogue.seed(adapter_of { titles(3) }))
    assert.same({ "begin", "lock_catalogue", "catalogue_size", "rollback" }, world.called())
  end)

  it("hands a failure on", function()
    world.fails("catalogue_size", "too long", "timeout")
    assert.same({ nil, "too long", "timeout" }, { catalogue.seed(adapter_of { titles(3) }) })
    assert.is_nil(world.open)
  end)
end)
