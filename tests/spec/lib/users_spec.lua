local users = require "lib.users"
local world = require "tests.spec.support.world"

local wanted = { username = "Ana", password = "correct horse", notify_by = "none" }

before_each(world.reset)

describe("users.sign_up", function()
  it("stores the hash, never the password", function()
    world.gives("create_user", { { outcome = "created", id = 7, username = "Ana" } })
    assert.same({ id = 7, username = "Ana" }, world.drive(users.sign_up, wanted))
    assert.same({ "Ana", "hash:correct horse", nil, nil, "none", n = 5 }, world.args_of "create_user")
  end)

  it("hands email and phone on", function()
    world.gives("create_user", { { outcome = "created", id = 7, username = "Ana" } })
    users.sign_up { username = "Ana", password = "p", email = "a@b.org", phone = "+5511", notify_by = "none" }
    assert.same({ "a@b.org", "+5511" }, { table.unpack(world.args_of "create_user", 3, 4) })
  end)

  it("knows a taken name and one that is too short once it is composed", function()
    world.gives("create_user", { { outcome = "taken" } })
    assert.same({ nil, "this username is taken", "conflict" }, { users.sign_up(wanted) })
    world.gives("create_user", { { outcome = "invalid" } })
    assert.same({ nil, "a username has 3 to 32 characters", "invalid" }, { users.sign_up(wanted) })
  end)

  it("asks the database nothing while the hasher is busy", function()
    world.hasher_busy = true
    assert.equal("busy", select(3, users.sign_up(wanted)))
    assert.same({}, world.calls)
  end)

  it("hands a failure of the database on", function()
    world.fails("create_user", "lost", "unknown")
    assert.same({ nil, "lost", "unknown" }, { users.sign_up(wanted) })
  end)
end)

describe("users.for_spec", function()
  before_each(function() world.gives("create_user", { { outcome = "created", id = 7, username = "x" } }) end)

  it("signs up somebody whom nobody has described, each time another", function()
    assert.equal(7, users.for_spec({}, 3).id)
    local name = world.args_of("create_user")[1]
    assert.equal("none", world.args_of("create_user")[5])
    world.reset()
    world.gives("create_user", { { outcome = "created", id = 8, username = "x" } })
    users.for_spec({}, 4)
    assert.not_equal(name, world.args_of("create_user")[1])
  end)

  it("keeps to what is wanted", function()
    users.for_spec({ username = "Ana", password = "p", email = "a@b.org", phone = "+5511", notify_by = "log" }, 1)
    assert.same({ "Ana", "hash:p", "a@b.org", "+5511", "log", n = 5 }, world.args_of "create_user")
  end)
end)

describe("users.sign_in", function()
  before_each(function()
    world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "hash:correct horse" } })
  end)

  it("gives a token for name and password", function()
    assert.same({ access_token = "token.7", token_type = "bearer", expires_in = 3600 },
      world.drive(users.sign_in, "ana", "correct horse"))
    assert.same({ "user_by_name" }, world.called())
  end)

  it("tells a wrong password and an unknown name in the same words", function()
    local wrong = { users.sign_in("ana", "wrong") }
    assert.same({ nil, "Incorrect username or password", "unauthorized" }, wrong)
    world.gives("user_by_name", {})
    assert.same(wrong, { users.sign_in("nobody", "correct horse") })
  end)

  it("takes the same time for an unknown name: a hash is checked all the same", function()
    world.gives("user_by_name", {})
    world.drive(users.sign_in, "nobody", "x")
    local unknown = world.waits
    world.waits = 0
    world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "hash:y" } })
    world.drive(users.sign_in, "ana", "x")
    assert.equal(unknown, world.waits)
    assert.equal(2, unknown)
  end)

  it("stores a hash anew when its cost is outdated", function()
    world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "old:correct horse" } })
    world.gives("set_password_hash", { { id = 7 } })
    assert.is_truthy(users.sign_in("ana", "correct horse"))
    assert.same({ 7, "hash:correct horse", n = 2 }, world.args_of "set_password_hash")
  end)

  it("signs in though storing the new hash fails", function()
    world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "old:correct horse" } })
    world.fails("set_password_hash", "no lease", "busy")
    assert.is_truthy(users.sign_in("ana", "correct horse"))
    assert.equal("warn", world.logged[1].level)
  end)

  it("does not store an outdated hash of a wrong password", function()
    world.gives("user_by_name", { { id = 7, username = "Ana", password_hash = "old:other" } })
    users.sign_in("ana", "correct horse")
    assert.same({ "user_by_name" }, world.called())
  end)

  it("is busy, not wrong, when hasher or database are", function()
    world.hasher_busy = true
    assert.same({ nil, "the hasher's queue is full", "busy" }, { users.sign_in("ana", "correct horse") })
    world.fails("user_by_name", "no connection", "busy")
    assert.same({ nil, "no connection", "busy" }, { users.sign_in("ana", "correct horse") })
  end)
end)

describe("users.check_name", function()
  it("takes the letters of every script", function()
    for _, name in ipairs { "ana", "Ana-Lúcia_7", "Ωμέγα", "日本語", "o'neil", "a.b@c" } do
      assert.equal(name, users.check_name(name))
    end
  end)

  it("refuses spaces and what cannot be seen", function()
    for _, name in ipairs { "a b", " ana", "ana\t", "ana\n", "ana\u{a0}", "ana\u{200b}", "ana\u{202e}", "ana\u{ad}",
      "\u{feff}ana", "a\u{3000}b", "ana\u{7f}" } do
      assert.is_nil((users.check_name(name)))
    end
  end)
end)
