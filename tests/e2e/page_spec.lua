-- The page at /: how it is served. What people do with it is tests/browser's affair.

local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local process = require "support.process"
local server = require "support.server"

describe("the page", function()
  local plateia, client, db

  setup(function()
    db = database.cluster():create "page"
    plateia = server.start { database = db }
    client = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  local function get(path, headers)
    return client:get(path, { headers = headers })
  end

  -- The paths of the files that the page names.
  local function files_of(page)
    local list = {}
    for path in page.body:gmatch '"(/assets/[^"]+)"' do list[#list + 1] = path end
    return list
  end

  it("is there, in the language that is asked for", function()
    local page = get "/"
    assert.equal(200, page.status)
    assert.equal("text/html; charset=utf-8", page.headers["content-type"])
    assert.equal("en", page.headers["content-language"])
    assert.matches('<html lang="en">', page.body, 1, true)
    local foreign = get("/", { ["Accept-Language"] = "pt-BR,pt;q=0.9,en;q=0.5" })
    assert.matches('<html lang="pt-BR">', foreign.body, 1, true)
    assert.matches("Accept%-Language", foreign.headers.vary)
    assert.matches('<html lang="pt-BR">', get("/?lang=pt").body, 1, true)
  end)

  it("forbids whatever is not its own, also where nothing has changed", function()
    local first = get "/"
    local again = get("/", { ["If-None-Match"] = first.headers.etag })
    assert.equal(304, again.status)
    for _, page in ipairs { first, again } do
      local policy = page.headers["content-security-policy"]
      assert.matches("default%-src 'none'; script%-src 'self'; style%-src 'self'", policy)
      assert.matches("frame%-ancestors 'none'", policy)
      assert.is_nil(policy:find "unsafe")
      assert.equal("nosniff", page.headers["x-content-type-options"])
      assert.equal("no-referrer", page.headers["referrer-policy"])
    end
    assert.is_nil(first.body:find "://", "an address of elsewhere")
    assert.is_nil(first.body:find "%son%w+=", "a handler in the markup")
    assert.is_nil(first.body:find "style=", "a style in the markup")
  end)

  it("is asked for each time, and its files never again", function()
    local page = get "/"
    assert.equal("no-cache", page.headers["cache-control"])
    local files = files_of(page)
    assert.is_true(#files > 10)
    for _, path in ipairs(files) do
      local file = get(path)
      assert.equal(200, file.status, path)
      assert.equal("public, max-age=31536000, immutable", file.headers["cache-control"])
      assert.equal(304, get(path, { ["If-None-Match"] = file.headers.etag }).status)
    end
  end)

  it("is small over the wire for those who take gzip", function()
    local plain, packed = get "/", get("/", { ["Accept-Encoding"] = "gzip, br" })
    assert.is_nil(plain.headers["content-encoding"])
    assert.equal("gzip", packed.headers["content-encoding"])
    assert.matches("Accept%-Encoding", packed.headers.vary)
    assert.not_equal(plain.headers.etag, packed.headers.etag)
    local folder = process.temporary_folder "page"
    process.write_file(folder .. "/page.gz", packed.body)
    local code, text = process.run("gzip", { args = { "-dc", folder .. "/page.gz" } })
    assert.equal(0, code)
    assert.is_true(text == plain.body)
    local sum = #packed.body
    for _, path in ipairs(files_of(plain)) do
      sum = sum + #get(path, { ["Accept-Encoding"] = "gzip" }).body
    end
    assert.is_true(sum < 60 * 1024, sum .. " bytes")
  end)

  it("answers HEAD, refuses other methods, and leads nowhere else", function()
    local head = client:ask("HEAD", "/")
    assert.equal(200, head.status)
    assert.equal(tostring(#get("/").body), head.headers["content-length"])
    local refused = client:post "/"
    assert.equal(405, refused.status)
    assert.equal("GET, HEAD, OPTIONS", refused.headers.allow)
    local file = files_of(get "/")[1]
    for _, path in ipairs { "/index.html", "/en.words", "/assets", "/assets/", "/assets/app.js", file .. "/",
      (file:gsub("[^/]+$", "../../core/main.c")), (file:gsub("[^/]+$", "%%2e%%2e/app.lua")),
      (file:gsub("[^/]+$", "index.html")), "//" } do
      local answer = http.raw(plateia.port, ("GET %s HTTP/1.1\r\nHost: x\r\n\r\n"):format(path))
      assert.equal(404, answer.status, path)
      assert.matches("^application/json", answer.headers["content-type"])
    end
  end)

  it("makes way for a script that wants its place", function()
    local scripts = server.scripts_with { ["routes/front.lua"] = [[
      local route, field = require "plateia.route", require "plateia.field"
      local Mine = field.object { mine = field.boolean {} }
      return route.get "/" { summary = "a front of one's own", answers = { [200] = Mine },
        handler = function() return { mine = true } end }
    ]] }
    local other = server.start { database = db, settings = { PLATEIA_SCRIPTS = scripts } }
    local asked = other:client()
    assert.is_true(asked:get("/"):json().mine)
    process.run("rm", { args = { scripts .. "/routes/front.lua" } })
    loop.wait_until("the page is back", 10, function()
      return asked:get("/").headers["content-type"]:find "html" ~= nil
    end)
    other:stop()
  end)

  -- A copy of web/, for changes of one's own.
  local function copy()
    local folder = process.temporary_folder "web"
    assert(process.run("cp", { args = { "-r", "web/.", folder } }) == 0)
    return folder
  end

  it("is not there where nobody wants one, and a broken one is told at start", function()
    local bare = server.start { database = db, settings = { PLATEIA_WEB = "none" } }
    assert.equal(404, bare:client():get("/").status)
    assert.equal(404, bare:client():get("/docs").status)
    bare:stop()
    local broken = {
      { "pt.words", "lang = pt\n", "/index%.html:%d+: pt%.words has no word" },
      { "films/index.html", "<p>", "/films: no such folder is known here: docs/ and operator/ may hold pages" },
      { "docs/more/a.css", "p{}", "/docs/more: no such folder" },
    }
    for _, case in ipairs(broken) do
      local folder = copy()
      process.run("mkdir", { args = { "-p", (folder .. "/" .. case[1]):match "(.*)/" } })
      process.write_file(folder .. "/" .. case[1], case[2])
      local launched = server.launch { database = db, settings = { PLATEIA_WEB = folder } }
      assert.equal(1, (launched.process:wait(30)))
      assert.matches(folder:gsub("%p", "%%%0") .. case[3], launched:output())
    end
  end)

  it("may have pages in sub-folders, each with files of its own; the operators' is not public", function()
    local folder = copy()
    process.run("rm", { args = { "-rf", folder .. "/docs", folder .. "/operator" } })
    for _, name in ipairs { "docs", "operator" } do
      process.run("mkdir", { args = { folder .. "/" .. name } })
      process.write_file(folder .. "/" .. name .. "/en.words", "who = " .. name .. "\n")
      process.write_file(folder .. "/" .. name .. "/" .. name .. ".css", "p{}")
      process.write_file(folder .. "/" .. name .. "/index.html", "{{who}} \"/assets/" .. name .. ".css\"")
    end
    local other = server.start { database = db, settings = { PLATEIA_WEB = folder } }
    local asked = other:client()
    local path = asked:get("/docs").body:match '^docs "(/docs/assets/%x+/docs%.css)"$'
    assert.is_string(path)
    assert.equal("p{}", asked:get(path).body)
    assert.matches("<html", asked:get("/").body, 1, true)
    local main = files_of(asked:get "/")[1]
    for _, hidden in ipairs { "/operator", "/operator/", "/docs/docs.css", (main:gsub("[^/]+$", "operator.css")),
      (main:gsub("[^/]+$", "docs.css")) } do
      assert.equal(404, asked:get(hidden).status, hidden)
    end
    other:stop()
  end)
end)
