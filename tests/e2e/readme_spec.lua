-- README.md and README.pt-BR.md are true: the tour is typed on a fresh server, and what the pages say of settings,
-- routes and files is looked up.

local json = require "dkjson"
local uv = require "luv"
local database = require "support.database"
local process = require "support.process"
local server = require "support.server"
local values = require "support.json_values"

local PAGES = { "README.md", "README.pt-BR.md" }

-- The fenced blocks of a page, in order: { kind = "sh", text = ... }
local function blocks(page)
  local found = {}
  for kind, text in process.read_file(page):gmatch "\n```(%w*)\n(.-)\n```" do
    found[#found + 1] = { kind = kind, text = text }
  end
  return found
end

local function texts(page, kind)
  local found = {}
  for _, block in ipairs(blocks(page)) do
    if block.kind == kind then found[#found + 1] = block.text end
  end
  return found
end

-- Times and months are another day's.
local function timeless(value)
  if type(value) == "string" then
    if value:find "^%d%d%d%d%-%d%d%-%d%dT[%d:.]+Z$" then return "a time" end
    return value:find "^%d%d%d%d%-%d%d$" and "a month" or value
  end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, each in pairs(value) do copy[key] = timeless(each) end
  return copy
end

-- curl as the reader has it, but that it also keeps each answer, "STATUS BODY" a line.
local CURL = [[
curl() {
    status=$(command curl -sS -o "$TMPDIR/body" -w '%{http_code}' "$@") || return
    printf '%s %s\n' "$status" "$(cat "$TMPDIR/body")" >>"$TMPDIR/answers"
    cat "$TMPDIR/body"
}
echo block >>"$TMPDIR/answers"
]]

-- Types the blocks into one shell; returns for each block its answers, { status, body }.
local function type_in(scripts, plateia)
  local folder = process.temporary_folder "tour"
  local text = CURL .. table.concat(scripts, "\necho block >>$TMPDIR/answers\n")
  text = text:gsub("localhost:8080", "localhost:" .. plateia.port)
  text = text:gsub("localhost:9180", "localhost:" .. plateia.admin_port)
  process.write_file(folder .. "/script", text)
  local code, output = process.run("sh", { args = { folder .. "/script" }, env = { TMPDIR = folder } })
  assert(code == 0, output)
  local answers = {}
  for line in io.lines(folder .. "/answers") do
    local status, body = line:match "^(%d%d%d) (.*)$"
    if status then table.insert(answers[#answers], { status = status, body = body }) else answers[#answers + 1] = {} end
  end
  return answers
end

describe("the tour", function()
  local plateia, answers

  setup(function()
    plateia = server.start { database = database.cluster():create "readme" }
    answers = type_in(texts("README.md", "sh"), plateia)
  end)

  teardown(function() plateia:stop() end)

  it("gives each status that the page says", function()
    for i, script in ipairs(texts("README.md", "sh")) do
      local said, given = {}, {}
      for line in script:gmatch "[^\n]+" do said[#said + 1] = line:match "#%s+(%d%d%d)$" or "none: " .. line end
      for j, answer in ipairs(answers[i]) do given[j] = answer.status end
      assert.same(said, given)
    end
  end)

  -- Not every answer is shown; those that are come in the order of the commands.
  it("gives each answer that the page shows", function()
    local i, shown = 0, 0
    for _, block in ipairs(blocks "README.md") do
      if block.kind == "sh" then i, shown = i + 1, 0 end
      for _, value in ipairs(block.kind == "json" and values(block.text) or {}) do
        local wanted, found = timeless(value), false
        while not found and answers[i][shown + 1] do
          shown = shown + 1
          found = pcall(assert.same, wanted, timeless(json.decode(answers[i][shown].body, 1, json.null)))
        end
        if not found then
          local given = {}
          for j, answer in ipairs(answers[i]) do given[j] = answer.body end
          error("no answer is " .. json.encode(value) .. "\nbut:\n" .. table.concat(given, "\n"))
        end
      end
    end
    assert.is_true(i > 5)
  end)
end)

describe("the two pages", function()
  it("type and show the same", function()
    assert.same(texts("README.md", "sh"), texts("README.pt-BR.md", "sh"))
    assert.same(texts("README.md", "json"), texts("README.pt-BR.md", "json"))
    assert.same(texts("README.md", "lua"), texts("README.pt-BR.md", "lua"))
  end)

  it("show a route as it is", function()
    local file = process.read_file "scripts/routes/vote.lua"
    assert.truthy(file:find(texts("README.md", "lua")[1], 1, true))
  end)

  -- PLATEIA_DB_LEASES is --db-leases, whose line of the help ends with its default in parentheses.
  it("name settings that there are, with their defaults", function()
    local _, help = process.run(server.binary(), { args = { "help", "settings" } })
    for _, page in ipairs(PAGES) do
      local count = 0
      for name, default in process.read_file(page):gmatch "\n| `([A-Z_]+)` | `?([^`|]-)`? |" do
        local flag = "--" .. name:gsub("^PLATEIA_", ""):lower():gsub("_", "-")
        local line = help:match("\n  " .. flag:gsub("%-", "%%-") .. " ([^\n]+)")
        assert(line, page .. ": there is no setting " .. name)
        assert.equal(name .. " " .. (line:match "%(([^()]+)%)$" or ""), name .. " " .. default)
        count = count + 1
      end
      assert.is_true(count > 10)
    end
  end)

  it("link to files that there are", function()
    for _, page in ipairs(PAGES) do
      for target in process.read_file(page):gmatch "%]%(([%w._/-]+)%)" do
        assert(uv.fs_stat(target), page .. " links to " .. target)
      end
    end
  end)
end)
