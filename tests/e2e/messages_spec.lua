-- Whatever keeps a command from its work is told with what to do about it, on standard error, and by the exit code.

local uv = require "luv"
local database = require "support.database"
local process = require "support.process"
local server = require "support.server"

local NOBODY = "127.0.0.1:1" -- where nobody answers

-- Its exit code, what it printed, and what it said on standard error.
local function plateia(args, env)
  local said = process.temporary_folder "said" .. "/error"
  local words = { "-c", 'error=$1; shift; exec "$@" 2>"$error"', "sh", said, server.binary() }
  env = env or {}
  env.PLATEIA_DATA = env.PLATEIA_DATA or process.temporary_folder "data"
  local code, printed = process.run("sh", { args = table.move(args, 1, #args, #words + 1, words), env = env,
    seconds = 60 })
  return code, printed, process.read_file(said)
end

-- The command fails with 1, and tells all of these.
local function fails(args, env, ...)
  local code, printed, said = plateia(args, env)
  local text = args[1] == "serve" and printed or said -- a server's log is what it prints
  assert.equal(1, code, printed .. said)
  for _, wanted in ipairs { ... } do assert.truthy(text:find(wanted, 1, true), wanted .. " stands not in: " .. text) end
  return printed
end

local function sql_with(edit)
  local folder = process.temporary_folder "sql"
  assert(process.run("cp", { args = { "-r", "sql/.", folder } }) == 0)
  edit(folder .. "/migrations/")
  return folder
end

describe("a message says what to do", function()
  local db

  setup(function() db = database.cluster():create "messages" end)

  it("where nobody answers", function()
    for _, args in ipairs { { "ready" }, { "reload" }, { "reload", "--dry-run" }, { "rollback" }, { "scripts" } } do
      args[#args + 1] = "--admin-listen"
      args[#args + 1] = NOBODY
      fails(args, nil, "plateia " .. args[1] .. ": nothing answers at " .. NOBODY, "Start a server (plateia serve)",
        "--admin-listen HOST:PORT")
    end
  end)

  it("where a port is taken, or no address of ours", function()
    local taken = uv.new_tcp()
    taken:bind("127.0.0.1", 0)
    taken:listen(1, function() end)
    local port = "127.0.0.1:" .. taken:getsockname().port
    fails({ "serve", "--listen", port }, nil, "cannot listen on " .. port, "choose another port", "--listen")
    fails({ "serve", "--listen", "127.0.0.1:0", "--admin-listen", port },
      { DATABASE_URL = db.url, PLATEIA_JWT_SECRET = server.SECRET }, "cannot listen on " .. port, "--admin-listen")
    fails({ "serve", "--listen", "192.0.2.1:0" }, nil, "choose an address of this machine")
    fails({ "serve", "--listen", "no-such-host.invalid:0" }, nil, "give an address of this machine")
    taken:close()
  end)

  it("where the secret is missing", function()
    fails({ "serve", "--listen", "127.0.0.1:0" }, { DATABASE_URL = db.url }, "PLATEIA_JWT_SECRET is not set",
      "openssl rand -hex 32", "PLATEIA_JWT_SECRET_FILE")
  end)

  it("where the database's address is none", function()
    fails({ "migrate" }, { DATABASE_URL = "postgresql://host/%zz" }, "DATABASE_URL names it",
      "postgresql://user:password@host:5432/database")
    fails({ "check" }, { DATABASE_URL = "postgresql://nobody@" .. NOBODY .. "/none" }, "Give a database that answers")
  end)

  it("where the data folder cannot be one", function()
    fails({ "migrate" }, { PLATEIA_DATA = "/proc/plateia" }, "/proc/plateia", "--data")
    local file = process.temporary_folder "data" .. "/file"
    process.write_file(file, "")
    fails({ "migrate" }, { PLATEIA_DATA = file }, file)
    fails({ "migrate", "--postgres-bin", "/usr" }, nil, "initdb and postgres", "--postgres-bin")
  end)

  it("where migrations are not as they were", function()
    assert.equal(0, (plateia({ "migrate" }, { DATABASE_URL = db.url })))
    local cases = {
      ["was changed after it had been applied: restore it and add a new migration instead"] = function(folder)
        process.write_file(folder .. "0001_clock.sql", "SELECT 1;\n")
      end,
      ["rename it, or restore what is missing"] = function(folder)
        for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
          if name:find "^0002" then os.remove(folder .. name) end
        end
      end,
      ["is named like 0001_name.sql: rename it"] = function(folder)
        process.write_file(folder .. "9_x.sql", "SELECT 1;\n")
      end,
      ["run a newer one"] = function(folder)
        local last
        for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
          if name:find "%.sql$" and (not last or name > last) then last = name end
        end
        os.remove(folder .. last)
      end,
      ["it is empty or no text: restore it"] = function(folder) process.write_file(folder .. "0002_empty.sql", "") end,
      ["no migrations here (PLATEIA_SQL names the folder above it)"] = function(folder)
        process.run("sh", { args = { "-c", "rm " .. folder .. "*" } })
      end,
      ["No such file or directory (PLATEIA_SQL names the folder above it)"] = function(folder)
        process.run("rm", { args = { "-r", folder } })
      end,
    }
    for wanted, edit in pairs(cases) do
      fails({ "migrate" }, { DATABASE_URL = db.url, PLATEIA_SQL = sql_with(edit) }, wanted)
    end
  end)

  it("where a migration fails", function()
    local sql = sql_with(function(folder) process.write_file(folder .. "9999_x.sql", "x") end)
    os.rename(sql .. "/migrations/9999_x.sql", sql .. ("/migrations/%04d_x.sql"):format((function()
      local count = 0
      for name in uv.fs_scandir_next, assert(uv.fs_scandir "sql/migrations") do
        if name:find "%.sql$" then count = count + 1 end
      end
      return count + 1
    end)()))
    fails({ "migrate" }, { DATABASE_URL = db.url, PLATEIA_SQL = sql }, "syntax error", "it was undone")
  end)

  it("where folders or files are missing", function()
    fails({ "check", "/no/such/folder" }, nil, "PLATEIA_SCRIPTS names the script folder")
    fails({ "routes", "--sql", "/no/such/folder" }, nil, "PLATEIA_SQL names the folder above queries/")
    fails({ "serve", "--listen", "127.0.0.1:0", "--web", "/no/such/folder" },
      { DATABASE_URL = db.url, PLATEIA_JWT_SECRET = server.SECRET }, "PLATEIA_WEB")
    local code, _, said = plateia { "settings", "--config", "/no/such/file" }
    assert.equal(2, code)
    assert.truthy(said:find("name another (--config, PLATEIA_CONFIG)", 1, true), said)
  end)

  it("where an import cannot be", function()
    local env = { DATABASE_URL = db.url, PLATEIA_ADMIN_LISTEN = NOBODY, PLATEIA_WORKERS = "1" }
    fails({ "import", "vega", "/no/such/file" }, env, "/no/such/file", "- for standard input")
    local printed = fails({ "import", "imdb" }, env, 'there is no adapter \\"imdb\\"; there are: vega, wikidata')
    assert.equal("", printed) -- what it prints is its report
  end)

  it("where there is nothing to send again", function()
    local env = { DATABASE_URL = db.url }
    fails({ "outbox", "retry", "00000000-0000-0000-0000-000000000000" }, env, "no row has the key",
      "plateia outbox list shows them")
  end)
end)
