local db = require "plateia.db"
local world = require "tests.spec.support.world"

before_each(function()
  world.reset()
  world.queries.things = { "read", 2 }
  world.queries.thing = { "read", 1 }
  world.queries.put_thing = { "lease", 1 }
  world.queries.cast = { "batch", 2 }
end)

local function refusal(fn, ...)
  local fine, why = pcall(fn, ...)
  assert.is_false(fine)
  return why
end

describe("a query", function()
  it("that does not exist is told when the file loads, with the file that would make it", function()
    local why = refusal(db.query, "no_such")
    assert.matches("there is no query \"no_such\": a file sql/queries/no_such.sql would make one", why, 1, true)
    assert.matches("no query \"nil\"", refusal(db.one, nil))
  end)

  it("of the wrong class is told as well", function()
    assert.matches("use db.batched", refusal(db.query, "cast"))
    assert.matches("use db.batched", refusal(db.one, "cast"))
    assert.matches("use db.query, db.rows or db.one", refusal(db.batched, "things"))
    assert.matches("use db.batched", refusal(db.rows, "cast"))
  end)

  it("gives all rows", function()
    world.gives("things", { { id = 1 }, { id = 2 } })
    assert.same({ { id = 1 }, { id = 2 } }, db.query "things" (1, nil))
    assert.same({ 1, nil, n = 2 }, world.args_of "things")
  end)

  it("waits for the database inside a coroutine", function()
    world.gives("things", {})
    world.drive(db.query "things", 1, 2)
    assert.equal(1, world.waits)
  end)

  it("fails with message and code", function()
    world.fails("things", "no connection", "busy")
    assert.same({ nil, "no connection", "busy", n = 3 }, table.pack(db.query "things" (1, 2)))
  end)
end)

describe("rows that are handed on", function()
  it("are a list that is read, and may lose its last", function()
    world.gives("things", { { id = 1 }, { id = 2 } })
    local rows = db.rows "things" (1, nil)
    assert.same({ 1, nil, n = 2 }, world.args_of "things")
    assert.same({ 2, 2 }, { #rows, rows[2].id })
    rows[2] = nil
    assert.equal(1, #rows)
    assert.matches("cannot be changed", refusal(function() rows[1] = { id = 3 } end))
  end)

  it("fail as others do", function()
    world.fails("things", "no connection", "busy")
    assert.same({ nil, "no connection", "busy", n = 3 }, table.pack(db.rows "things" (1, 2)))
  end)
end)

describe("one row", function()
  it("is the first", function()
    world.gives("thing", { { id = 1 } })
    assert.same({ id = 1 }, db.one "thing" (1))
  end)

  it("or none, as an expected failure in the words of its declaration", function()
    world.gives("thing", {})
    assert.same({ nil, "no such thing", "not_found", n = 3 }, table.pack(db.one("thing", "no such thing")(1)))
    assert.same({ nil, "there is no such row", "not_found", n = 3 }, table.pack(db.one "thing" (1)))
  end)

  it("is not missing where the database failed", function()
    world.answers.thing = function() return nil, "broken", "error", "XX000" end
    assert.same({ nil, "broken", "error", "XX000", n = 4 }, table.pack(db.one("thing", "no such thing")(1)))
  end)
end)

describe("a batched statement", function()
  it("gives this call's row", function()
    world.gives("cast", { { n = 1, outcome = "cast" } })
    assert.equal("cast", db.batched "cast" (7, 8).outcome)
    assert.same({ 7, 8, n = 2 }, world.args_of "cast")
  end)

  it("fails with message and code", function()
    world.fails("cast", "lost", "unknown")
    assert.same({ nil, "lost", "unknown" }, { db.batched "cast" (7, 8) })
  end)
end)

describe("a transaction", function()
  local put, thing
  before_each(function()
    put, thing = db.query "put_thing", db.one "thing"
    world.gives("put_thing", { { done = true } })
    world.gives("thing", { { id = 1 } })
  end)

  it("runs declared statements on its own connection and commits", function()
    local tx = db.transaction()
    assert.same({ { done = true } }, tx:query(put, 1))
    assert.same({ id = 1 }, tx:one(thing, 1))
    assert.is_true(tx:commit())
    assert.same({ "begin", "put_thing", "thing", "commit" }, world.called())
    assert.is_truthy(world.calls[2].tx)
    assert.equal(world.calls[2].tx, world.calls[3].tx)
  end)

  it("is rolled back at the end of its block unless committed", function()
    do
      local tx <close> = db.transaction()
      tx:query(put, 1)
    end
    assert.same({ "begin", "put_thing", "rollback" }, world.called())
    assert.is_nil(world.open)
  end)

  it("is rolled back by an error, without waiting", function()
    local fine = pcall(function()
      local tx <close> = db.transaction()
      error("a bug in " .. tostring(tx ~= nil))
    end)
    assert.is_false(fine)
    assert.same({ "begin", "rollback" }, world.called())
  end)

  it("is not rolled back once it is committed", function()
    do
      local tx <close> = db.transaction()
      tx:commit()
    end
    assert.same({ "begin", "commit" }, world.called())
  end)

  it("may fail to begin", function()
    world.fails("begin", "no lease became free", "busy")
    local tx <close>, why, code = db.transaction()
    assert.same({ nil, "no lease became free", "busy" }, { tx, why, code })
  end)

  it("raises about statements beside it", function()
    local tx <close> = db.transaction()
    assert.is_truthy(tx)
    assert.matches("a transaction is open", refusal(thing, 1))
  end)

  it("says that a row is missing as db.one does", function()
    world.gives("thing", {})
    local tx <close> = db.transaction()
    assert.same({ nil, "there is no such row", "not_found" }, { tx:one(thing, 1) })
  end)
end)
