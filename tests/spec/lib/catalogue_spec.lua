local catalogue = require "lib.catalogue"
local json = require "plateia.json"
local world = require "tests.spec.support.world"

-- An adapter whose records are titles; "" has none, "!..." has a key of its own choice.
local function translate(record)
  if record == "" then return nil, "has no title" end
  return { key = record:match "^[^!]*", title = record }
end

-- Its pages are as long as they are given; of a text, all records are one page.
local function adapter_of(pages)
  local made = { name = "list", translate = translate }
  function made.pages(text)
    local list, number = pages, 0
    if text then
      local records, why, code = json.decode(text)
      if not records then return nil, why, code end
      list = { records }
    end
    return function()
      number = number + 1
      if list[number] then return list[number], number, #list end
    end
  end
  return made
end

-- One of these pages fails.
local function breaking(pages, failing, ...)
  local made, failure = adapter_of(pages), table.pack(...)
  local number = 0
  function made.pages()
    return function()
      number = number + 1
      if number == failing then return nil, table.unpack(failure) end
      if pages[number] then return pages[number], number, #pages end
    end
  end
  return made
end

local function counts(added, met, changed, unchanged)
  return { { added = added, met = met or 0, changed = changed or 0, unchanged = unchanged or 0 } }
end

local function titles(count, first)
  local list = {}
  for i = 1, count do list[i] = "Film " .. (first or 1) + i - 1 end
  return list
end

before_each(function()
  world.reset()
  world.gives("lock_catalogue", { { locked = true } })
  world.answers.import_movies = function(_, keys) return counts(#keys) end
end)

describe("an import", function()
  it("is a transaction under the catalogue's lock for each page", function()
    local report = world.drive(catalogue.import, adapter_of { titles(3), titles(2, 4) })
    assert.equal("list: 5 films added, 0 met from other catalogues, 0 changed, 0 unchanged, 0 records refused", report)
    assert.same({ "begin", "lock_catalogue", "import_movies", "commit",
      "begin", "lock_catalogue", "import_movies", "commit" }, world.called())
  end)

  it("sends columns, with null where a film says nothing", function()
    catalogue.import(adapter_of { { "A", "B" } })
    local args = world.args_of "import_movies"
    assert.same({ "list", { "A", "B" }, { "A", "B" } }, { table.unpack(args, 1, 3) })
    for column = 4, 7 do assert.same({ json.null, json.null }, args[column]) end
    assert.equal(7, args.n)
  end)

  it("tells after each page how far it is", function()
    local progress = {}
    catalogue.import(adapter_of { titles(100), titles(50, 101) }, nil,
      function(done, total, what) progress[#progress + 1] = ("%d/%d %s"):format(done, total, what) end)
    assert.same({ "1/2 100 records", "2/2 150 records" }, progress)
  end)

  it("waits after every page, also where none of its records is a film", function()
    world.drive(catalogue.import, adapter_of { { "", "" }, { "" } })
    assert.equal(8, world.waits)
  end)

  it("reads a file instead where one is given", function()
    assert.matches("^list: 2 films added,", catalogue.import(adapter_of { titles(9) }, '["A","B"]'))
  end)

  it("adds up what became of the films", function()
    world.answers.import_movies = function() return counts(1, 2, 3, 4) end
    assert.equal("list: 2 films added, 4 met from other catalogues, 6 changed, 8 unchanged, 0 records refused",
      catalogue.import(adapter_of { titles(100), titles(1, 101) }))
  end)

  it("lists every refused record by place, key and reason", function()
    local adapter = adapter_of { { "A", "", "B" }, { "A!again", "?key" } }
    local translate_plain = adapter.translate
    function adapter.translate(record)
      if record == "?key" then return nil, "is hidden", "k\27[2J\xC2\x9B1" end
      return translate_plain(record)
    end
    assert.equal(table.concat({
      "list: 2 films added, 0 met from other catalogues, 0 changed, 0 unchanged, 3 records refused",
      "  record 2 has no title",
      "  record 4 (A) has the key of record 1",
      "  record 5 (k?[2J?1) is hidden" }, "\n"), catalogue.import(adapter))
  end)

  it("lists a thousand of them and counts the rest", function()
    local page = {}
    for i = 1, 1002 do page[i] = "" end
    local report = catalogue.import(adapter_of { page })
    assert.matches("1002 records refused\n", report)
    assert.matches("\n  record 1000 has no title\n  and 2 more$", report)
  end)

  it("takes a page's changes back when it fails", function()
    world.fails("import_movies", "a value is too long", "error")
    assert.same({ nil, "a value is too long", "error" }, { catalogue.import(adapter_of { titles(3) }) })
    assert.equal("rollback", world.calls[#world.calls].name)
    assert.is_nil(world.open)
  end)

  it("says what stays when a later page fails", function()
    local adapter = breaking({ titles(60), {} }, 2, "the source is down", "busy")
    assert.same({ nil, "the source is down (60 records came in before that; the import can be repeated)", "busy" },
      { catalogue.import(adapter) })
  end)

  it("tries a page again where no connection was free", function()
    local tries = 0
    world.answers.begin = function()
      tries = tries + 1
      if tries == 3 then world.answers.begin = nil end
      return nil, "no lease", "busy"
    end
    assert.matches("^list: 3 films added", catalogue.import(adapter_of { titles(3) }))
    assert.equal(3, tries)
    world.fails("begin", "no lease", "busy")
    assert.same({ nil, "no lease", "busy" }, { catalogue.import(adapter_of { titles(1) }) })
  end)

  it("says that a file is none", function()
    assert.equal("invalid", select(3, catalogue.import(adapter_of {}, "{")))
    assert.same({}, world.called())
  end)

  it("gives the lock's place back when it cannot have it", function()
    world.fails("lock_catalogue", "too long", "timeout")
    assert.same({ nil, "too long", "timeout" }, { catalogue.import(adapter_of { titles(1) }) })
    assert.is_nil(world.open)
  end)
end)

describe("the seed", function()
  it("fills an empty catalogue", function()
    world.gives("catalogue_size", { { films = 0 } })
    assert.matches("^list: 3 films added,", world.drive(catalogue.seed, adapter_of { titles(2), titles(1, 3) }))
    assert.same({ "begin", "lock_catalogue", "catalogue_size", "import_movies", "import_movies", "commit" },
      world.called())
  end)

  it("leaves one that holds films alone", function()
    world.gives("catalogue_size", { { films = 12 } })
    assert.equal("the catalogue holds 12 films", catalogue.seed(adapter_of { titles(3) }))
    assert.same({ "begin", "lock_catalogue", "catalogue_size", "rollback" }, world.called())
  end)

  it("is all or nothing", function()
    world.gives("catalogue_size", { { films = 0 } })
    assert.same({ nil, "the source is down", "error" },
      { catalogue.seed(breaking({ titles(60), {} }, 2, "the source is down", "error")) })
    assert.equal("rollback", world.calls[#world.calls].name)
  end)

  it("hands a failure on", function()
    world.fails("catalogue_size", "too long", "timeout")
    assert.same({ nil, "too long", "timeout" }, { catalogue.seed(adapter_of { titles(3) }) })
    assert.is_nil(world.open)
  end)
end)
