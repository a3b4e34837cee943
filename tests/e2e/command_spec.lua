-- The command line itself: help, completions, the manual page, and what is said to whoever calls wrongly. No server.

local json = require "cjson"
local process = require "support.process"
local server = require "support.server"
local uv = require "luv"

local function plateia(...)
  return process.run(server.binary(), { args = { ... }, seconds = 20 })
end

local function printed(...)
  local code, text = plateia(...)
  assert(code == 0, text)
  return text
end

-- The names of the commands, as `plateia help` lists them.
local function commands()
  local names = {}
  for line in printed("help"):match("^(.-)\nBegin with:"):gmatch "[^\n]+" do
    names[#names + 1] = line:match "^  (%l+)%f[%s]"
  end
  return names
end

-- The flags of the settings, as `plateia help settings` lists them.
local function flags()
  local found = {}
  for flag in printed("help", "settings"):gmatch "\n  (%-%-%S+)" do found[#found + 1] = flag end
  return found
end

local function program(name)
  return process.run("sh", { args = { "-c", "command -v " .. name } }) == 0
end

local function written(text)
  local path = process.temporary_folder "printed" .. "/file"
  process.write_file(path, text)
  return path
end

describe("plateia help", function()
  it("lists the commands by what they are for", function()
    local text = printed "help"
    for _, name in ipairs { "serve", "check", "import", "settings", "completion" } do
      assert.truthy(text:find("\n  " .. name .. " ", 1, true), name)
    end
    assert.truthy(text:find("Exit codes:\n  0 done", 1, true))
    assert.equal(text, printed "--help")
    assert.equal(text, printed "-h")
  end)

  it("explains each command: what it does, its flags, two examples, exit codes, see also", function()
    local known = {}
    for _, name in ipairs(commands()) do known[name] = true end
    assert.equal(printed("help", "serve"), printed("serve", "-h"))
    for name in pairs(known) do
      local text = printed("help", name)
      assert.equal(text, printed(name, "--help"))
      assert.equal(1, (text:find("Usage: plateia " .. name, 1, true)))
      local examples = text:match "\nExamples:\n(.-)\n\n"
      local _, count = examples:gsub("\n      ", "%0")
      assert.truthy(count >= 2, name .. ": two examples")
      assert.truthy(text:find("\nExit codes:\n  0  ", 1, true), name)
      for other in text:match("\nSee also:\n(.*)$"):gmatch "plateia help (%S+)" do
        assert.is_true(known[other], name .. " sees " .. other)
      end
      for line in text:gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 120, line) end
    end
  end)

  it("explains what scripts may call of a module", function()
    assert.equal(process.read_file "core/reference/db.lua", printed("help", "plateia.db"))
    assert.equal(printed("help", "plateia.db"), printed("help", "db"))
    assert.matches("^Usage: plateia settings", printed("help", "settings"), "a command before a module")
  end)

  it("explains before anything else, whatever stands beside it", function()
    local code, text = plateia("import", "--help", "a", "b", "c")
    assert.equal(0, code)
    assert.matches("^Usage: plateia import", text)
  end)

  it("answers who said nothing on standard error, and ends with 2", function()
    local code, text = process.run("sh", { args = { "-c", server.binary() .. " 2>/dev/null" } })
    assert.equal(2, code)
    assert.equal("", text)
  end)

  it("is plain where there is no terminal, and where NO_COLOR is set", function()
    assert.falsy(printed("help"):find "\27")
    local command = "script -qec '" .. server.binary() .. " help serve' /dev/null"
    local _, bold = process.run("sh", { args = { "-c", command }, env = { TERM = "xterm" } })
    assert.truthy(bold:find("\27[1mFlags", 1, true), bold)
    local _, plain = process.run("sh", { args = { "-c", command }, env = { TERM = "xterm", NO_COLOR = "1" } })
    assert.truthy(plain:find("Flags", 1, true))
    assert.falsy(plain:find "\27")
  end)
end)

describe("plateia version", function()
  it("is one line", function()
    local text = printed "version"
    assert.matches("^plateia %d+%.%d+%.%d+\n$", text)
    assert.equal(text, printed "--version")
    assert.equal(text, printed "-V")
    assert.equal(text, printed("serve", "-V"))
  end)

  it("is JSON for programs", function()
    assert.equal(printed("version"):match "%d[%d.]*", json.decode(printed("version", "--json")).version)
  end)
end)

-- What was typed -> the exit code, and what the message holds.
local wrong = {
  ["no such command"] = { { "sreve" }, "there is no command \"sreve\": did you mean serve?" },
  ["no such command, and none like it"] = { { "frobnicate" }, "`plateia help` lists them" },
  ["help for no such command"] = { { "help", "chekc" }, "did you mean check?" },
  ["help for no such module"] = { { "help", "plateia.feild" }, "did you mean plateia.field?" },
  ["help for no such module, and none like it"] = { { "help", "plateia.quux" }, "docs/reference.md" },
  ["a flag before the command"] = { { "--workers", "3", "serve" }, "the command comes first" },
  ["a flag of the command, mistyped"] = { { "reload", "--dryrun" }, "did you mean --dry-run?" },
  ["a setting, mistyped"] = { { "serve", "--wrokers", "3" }, "did you mean --workers?" },
  ["a setting, mistyped, given by ="] = { { "serve", "--wrokers=3" }, "did you mean --workers?" },
  ["a value for a flag that takes none"] = { { "reload", "--dry-run=yes" }, "--dry-run takes no value" },
  ["a setting for a command that has none"] = { { "version", "--workers", "3" }, "there is no flag --workers here" },
  ["a setting without its value"] = { { "settings", "--workers" }, "has no value" },
  ["a value out of bounds"] = { { "settings", "--workers", "1000" }, "give a whole number from 0 to 256" },
  ["a short flag that is none"] = { { "settings", "-x" }, "\"-x\" is no flag" },
  ["too few words"] = { { "import" }, "Usage: plateia import ADAPTER [FILE]" },
  ["too many words"] = { { "check", "a", "b" }, "Usage: plateia check [DIR]" },
  ["a number that is none"] = { { "rollback", "seven" }, "plateia scripts" },
  ["no such shell"] = { { "completion", "tcsh" }, "bash, zsh or fish" },
  ["retrying nothing"] = { { "outbox", "retry" }, "--all" },
  ["an outbox that is told something else"] = { { "outbox", "send" }, "say list or retry" },
}

describe("a wrong call", function()
  for name, case in pairs(wrong) do
    it("ends with 2 and says what to do: " .. name, function()
      local code, text = plateia(table.unpack(case[1]))
      assert.equal(2, code, text)
      assert.truthy(text:find(case[2], 1, true), text)
      assert.truthy(text:find "`plateia help[^`]*`", text)
    end)
  end
end)

describe("flags", function()
  local function workers(...)
    return printed("settings", ...):match "\nworkers +(%d+)"
  end

  it("are given by = or by a word behind them, and the last one counts", function()
    assert.equal("3", workers("--workers", "3"))
    assert.equal("3", workers "--workers=3")
    assert.equal("4", workers("--workers=3", "--workers", "4"))
  end)

  it("stand before words and behind them", function()
    for _, args in ipairs { { "--log-level", "error", "list" }, { "list", "--log-level", "error" },
      { "--access-log", "list" }, { "--no-access-log", "list" } } do
      local code, text = plateia("outbox", "--database-url", "nonsense://", table.unpack(args))
      assert.equal(2, code) -- the words were right: what is wrong is the address alone
      assert.matches("database_url", text)
      assert.falsy(text:find "Usage")
    end
  end)

  it("end at --", function()
    local code, text = plateia("check", "--", "--scripts")
    assert.equal(1, code)
    assert.matches("^%-%-scripts: No such file", text)
  end)
end)

describe("plateia completion", function()
  -- What bash makes of a line whose last word is being typed.
  local function completes(path, ...)
    local words = {}
    for i, word in ipairs { "plateia", ... } do words[i] = "'" .. word .. "'" end
    local script = ('source "%s"\nCOMP_WORDS=(%s)\nCOMP_CWORD=%d\n_plateia\nprintf "%%s\\n" "${COMPREPLY[@]}"')
      :format(path, table.concat(words, " "), #words - 1)
    local code, text = process.run("bash", { args = { "-c", script } })
    assert(code == 0, text)
    local found = {}
    for line in text:gmatch "[^\n]+" do found[#found + 1] = line end
    table.sort(found)
    return found
  end

  local bash
  setup(function() bash = written(printed("completion", "bash")) end)

  it("registers with bash", function()
    local code, text = process.run("bash", { args = { "-c", ("source %s && complete -p plateia"):format(bash) } })
    assert.equal(0, code, text)
    assert.equal("complete -F _plateia plateia\n", text)
  end)

  it("knows every command and every flag", function()
    local names = commands()
    for _, name in ipairs { "--help", "--version" } do names[#names + 1] = name end
    table.sort(names)
    assert.same(names, completes(bash, ""))
    local all = flags()
    all[#all + 1] = "--help"
    table.sort(all)
    assert.same(all, completes(bash, "serve", "--"))
  end)

  it("knows what a word and a value may be", function()
    assert.same({ "list", "retry" }, completes(bash, "outbox", ""))
    assert.same({ "bash", "fish", "zsh" }, completes(bash, "completion", ""))
    assert.same({ "--dry-run" }, completes(bash, "reload", "--dry"))
    assert.same({ "import" }, completes(bash, "help", "im"))
    assert.same({ "auto", "json", "text" }, completes(bash, "serve", "--log-format", ""))
    assert.same({ "json" }, completes(bash, "serve", "--log-format", "=", "j"))
    assert.same({ "scripts" }, completes(bash, "check", "scr"))
    assert.same({ "vega" }, completes(bash, "import", "v"))
    assert.same({ "vega" }, completes(bash, "import", "--workers", "2", "v"))
    assert.same({ "vega" }, completes(bash, "import", "--workers", "=", "2", "v"))
    assert.same({ "vega" }, completes(bash, "import", "--access-log", "v"))
    assert.same({ "false" }, completes(bash, "import", "--access-log", "f"))
    assert.same({ "packages.txt" }, completes(bash, "import", "vega", "packages"))
    assert.same({}, completes(bash, "serve", "--workers", ""))
  end)

  it("runs nothing that a folder holds, and keeps names together", function()
    local folder = process.temporary_folder "completion"
    assert(process.run("mkdir", { args = { "-p", folder .. "/adapters" } }) == 0)
    for _, name in ipairs { "$(touch run).lua", "`touch run`.lua", "a b.lua", "*.lua", "plain-one.lua" } do
      process.write_file(folder .. "/adapters/" .. name, "")
    end
    local function offers(...)
      local script = ('source "%s"\nCOMP_WORDS=(plateia import %s)\nCOMP_CWORD=%d\n_plateia\n'
        .. 'printf "%%s\\n" "${COMPREPLY[@]}"'):format(bash, table.concat({ ... }, " "), 1 + select("#", ...))
      local env = { PLATEIA_SCRIPTS = folder }
      return select(2, process.run("bash", { args = { "-c", script }, cwd = folder, env = env }))
    end
    assert.equal("plain-one\n", offers "''")
    assert.is_nil(uv.fs_stat(folder .. "/run"))
    assert.equal("adapters/a b.lua\n", offers("vega", "'adapters/a'"))
  end)

  it("is read by the other shells, where they are", function()
    for _, shell in ipairs { "zsh", "fish" } do
      local path = written(printed("completion", shell))
      local _, text = plateia("completion", shell)
      for _, name in ipairs(commands()) do assert.truthy(text:find(name, 1, true), shell .. " knows " .. name) end
      for _, flag in ipairs(flags()) do
        assert.truthy(text:find((flag:gsub("^%-%-", shell == "zsh" and "--" or "-l ")), 1, true), flag)
      end
      if program(shell) then
        local code, said = process.run(shell, { args = { "-n", path } })
        assert.equal(0, code, said)
      end
    end
  end)
end)

describe("an installation", function()
  it("brings what man and the shells look for", function()
    local prefix = process.temporary_folder "installed"
    local build = server.binary():match "^(.*)/[^/]+$"
    local code, said = process.run("cmake", { args = { "--install", build, "--prefix", prefix } })
    assert.equal(0, code, said)
    for path, words in pairs {
      ["man/man1/plateia.1"] = { "help", "--man" },
      ["bash-completion/completions/plateia.bash"] = { "completion", "bash" },
      ["zsh/site-functions/_plateia"] = { "completion", "zsh" },
      ["fish/vendor_completions.d/plateia.fish"] = { "completion", "fish" },
    } do
      assert.equal(printed(table.unpack(words)), process.read_file(prefix .. "/share/" .. path))
    end
  end)
end)

describe("the pages", function()
  it("name every command", function()
    for _, page in ipairs { "README.md", "README.pt-BR.md" } do
      local text = process.read_file(page)
      for _, name in ipairs(commands()) do
        assert.truthy(text:find("\n|[^\n]*`" .. name .. "[` ]"), page .. " has " .. name .. " in its table")
      end
    end
  end)
end)

describe("the manual page", function()
  it("is clean, and tells of every command and every flag", function()
    local path = written(printed("help", "--man"))
    local _, said = process.run("mandoc", { args = { "-Tlint", path } })
    local rest = said:gsub("mandoc: [^\n]*missing date[^\n]*\n", "") -- the same text, whenever it is built
    assert.equal("", rest)
    local code, text = process.run("mandoc", { args = { "-Tascii", "-O", "width=200", path } })
    assert.equal(0, code)
    text = text:gsub(".\8", "")
    for _, name in ipairs(commands()) do assert.truthy(text:find("\n   " .. name, 1, true), name) end
    for _, flag in ipairs(flags()) do assert.truthy(text:find(flag, 1, true), flag) end
  end)
end)
