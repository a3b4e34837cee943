-- `plateia reload | rollback | scripts`: what they ask of the admin listener, and how they tell what it answers. The
-- server is a double: it notes the questions and gives the answers of a table.

local uv = require "luv"
local process = require "support.process"
local server = require "support.server"

-- { port, asked = { "METHOD /target" }, answers = { ["METHOD /target"] = { status, body } } }
local function double(answers)
  local self = { asked = {}, answers = answers, tcp = uv.new_tcp() }
  assert(self.tcp:bind("127.0.0.1", 0))
  self.port = self.tcp:getsockname().port
  assert(self.tcp:listen(16, function()
    local client, head = uv.new_tcp(), ""
    self.tcp:accept(client)
    client:read_start(function(_, chunk)
      if not chunk then return client:close() end
      head = head .. chunk
      local question = head:match "^(%u+ %S+) HTTP/1.1\r\n.*\r\n\r\n"
      if not question then return end
      assert(head:find("X-Plateia-Admin: 1", 1, true))
      if question ~= "GET /import" then self.asked[#self.asked + 1] = question end
      local answer = self.answers[question] or { 404, '{"detail":"Not Found"}' }
      client:write(("HTTP/1.1 %d X\r\nConnection: close\r\n\r\n%s"):format(answer[1], answer[2]), function()
        client:shutdown(function() if not client:is_closing() then client:close() end end)
      end)
    end)
  end))
  return self
end

describe("an order to a running server", function()
  local plateia

  before_each(function() plateia = double {} end)
  after_each(function()
    plateia.tcp:close()
    uv.run "nowait" -- else luv crashes at the end
  end)

  -- Its exit code, standard output, and standard error.
  local function run(command, ...)
    local folder = process.temporary_folder "orders"
    local code = process.run("sh", { args = { "-c", '"$@" >' .. folder .. "/out 2>" .. folder .. "/err", "sh",
      server.binary(), command, ... }, env = { PLATEIA_ADMIN_LISTEN = "127.0.0.1:" .. plateia.port,
      PLATEIA_DATA = folder } })
    return code, process.read_file(folder .. "/out"), process.read_file(folder .. "/err")
  end

  it("has the scripts served as they are", function()
    plateia.answers["POST /scripts/reload"] =
      { 200, '{"generation":8,"outcome":"served","by":"admin","milliseconds":12.3}' }
    assert.same({ 0, "generation 8 serves, after 12 ms\n", "" }, { run "reload" })
    assert.same({ "POST /scripts/reload" }, plateia.asked)
  end)

  it("only looks at them in a dry run", function()
    plateia.answers["POST /scripts/reload?dry_run=1"] =
      { 200, '{"generation":7,"outcome":"fine","by":"admin","milliseconds":9}' }
    assert.same({ 0, "fine, looked at in 9 ms: nothing was changed\n", "" }, { run("reload", "--dry-run") })
    assert.same({ "POST /scripts/reload?dry_run=1" }, plateia.asked)
  end)

  it("tells first and alone what was refused, for editors", function()
    plateia.answers["POST /scripts/reload"] = { 409, [[{"generation":7,"outcome":"refused","milliseconds":3.5,
      "reason":"scripts/routes/x.lua:3: unexpected symbol near '\"a\\b'","line":3}]] }
    local code, out, told = run "reload"
    assert.same({ 1, "" }, { code, out })
    assert.equal([[scripts/routes/x.lua:3: unexpected symbol near '"a\b']], told:match "^[^\n]*")
    assert.truthy(told:find("\nNothing was changed", 1, true))
  end)

  it("rolls back", function()
    plateia.answers["POST /scripts/rollback"] = { 200, '{"generation":9,"outcome":"served","milliseconds":1}' }
    plateia.answers["POST /scripts/rollback?to=5"] =
      { 404, '{"outcome":"refused","reason":"generation 5 is not kept"}' }
    assert.same({ 0, "generation 9 serves, after 1 ms\n", "" }, { run "rollback" })
    assert.same({ 1, "", "plateia rollback: generation 5 is not kept\n" }, { run("rollback", "5") })
  end)

  it("says that the server cannot now", function()
    plateia.answers["POST /scripts/reload"] = { 503, '{"detail":"The server is shutting down."}' }
    assert.same({ 1, "", "plateia reload: The server is shutting down.\n"
      .. "Nothing was changed: try again in a moment.\n" }, { run "reload" })
  end)

  it("says how to reach a server where there is none", function()
    for _, command in ipairs { "reload", "rollback", "scripts" } do
      local code, out, told = run(command, "--admin-listen", "127.0.0.1:1")
      assert.same({ 1, "" }, { code, out })
      assert.matches("^plateia " .. command .. ": nothing answers at 127.0.0.1:1", told)
      assert.matches("%-%-admin%-listen", told)
    end
  end)

  it("is called in no other way", function()
    for _, words in ipairs { { "reload", "now" }, { "reload", "--dry-run", "again" }, { "rollback", "x" },
      { "rollback", "--dry-run" }, { "scripts", "x" }, { "reload", "--dryrun" } } do
      assert.equal(2, (run(table.unpack(words))))
    end
    assert.same({}, plateia.asked)
  end)

  it("shows what serves", function()
    plateia.answers["GET /scripts"] = { 200, [[
      {"generation":8,"since":"2026-11-22T21:00:00Z","by":"watch","hash":"0123abc","queries":27,
      "files":[{"name":"scripts/app.lua","hash":"0123456789abcdef","bytes":1200},
               {"name":"scripts/routes/me.lua","hash":"fedcba9876543210","bytes":7}],
      "last_failure":{"at":"2026-11-22T20:59:00Z","reason":"scripts/x.lua:1: \"[{\" is, no good"},
      "older":[{"generation":7,"requests":2}],"history":[]}]] }
    assert.equal(plateia.answers["GET /scripts"][2] .. "\n", select(2, run("scripts", "--json")))
    local code, out, told = run "scripts"
    assert.same({ 0, "" }, { code, told })
    assert.equal([[
generation  8
since       2026-11-22T21:00:00Z
by          watch
hash        0123abc
queries     27

refused last
at          2026-11-22T20:59:00Z
reason      scripts/x.lua:1: "[{" is, no good

requests on older generations
generation  requests
7           2

history: none

files
name                   hash          bytes
scripts/app.lua        0123456789ab  1200
scripts/routes/me.lua  fedcba987654  7
]], out)
  end)

  it("shows what serves since the start", function()
    plateia.answers["GET /scripts"] = { 200, '{"generation":1,"by":"start","last_failure":null,"older":[],'
      .. '"history":[],"files":[]}' }
    local _, out = run "scripts"
    assert.truthy(out:find("\nrefused last: nothing\n", 1, true))
  end)

  it("survives an answer that is none", function()
    for _, body in ipairs { "", "{", '{"generation":', '{"files":[{"name":"a', '[[[', '"', '{"a":"\\', "null" } do
      plateia.answers["GET /scripts"] = { 200, body }
      plateia.answers["POST /scripts/reload"] = { 200, body }
      assert.equal(0, (run "scripts"))
      local code, _, told = run "reload"
      assert.equal(1, code)
      assert.matches("plateia scripts", told)
    end
  end)
end)
