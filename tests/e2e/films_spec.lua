-- The catalogue, page by page, and the ranking's form.

local crowd = require "support.crowd"
local database = require "support.database"
local http = require "support.http"
local loop = require "support.loop"
local server = require "support.server"

describe("the catalogue", function()
  local db, plateia, client

  setup(function()
    db = database.cluster():create "films"
    plateia = server.start { database = db }
    client = plateia:client()
  end)
  teardown(function() if plateia then plateia:stop() end end)

  -- All films from that page on, as the answers' Link headers lead.
  local function follow(target)
    local films, pages = {}, 0
    while target do
      local answer = client:get(target)
      assert.equal(200, answer.status)
      local page = answer:json()
      table.move(page.items, 1, #page.items, #films + 1, films)
      pages = pages + 1
      local link = answer.headers.link
      target = link and link:match '<([^>]*)>%s*;%s*rel="next"'
      assert.equal(page.next == http.null, target == nil)
    end
    return films, pages
  end

  it("is walked without a gap or a double by following Link", function()
    local films, pages = follow "/movies?limit=100"
    local count = db:value "SELECT count(*) FROM movies"
    assert.is_true(count >= 3200)
    assert.equal(count, #films)
    assert.equal(math.ceil(count / 100), pages)
    for i = 2, #films do assert.is_true(films[i].id > films[i - 1].id) end
  end)

  it("is paged by the cursor of the body as well", function()
    local first = client:get("/movies"):json()
    assert.equal(20, #first.items)
    local second = client:get("/movies?cursor=" .. http.escape(first.next)):json()
    assert.equal(20, #second.items)
    assert.is_true(second.items[1].id > first.items[20].id)
  end)

  it("gives every film in its declared form", function()
    local known = { id = true, title = true, year = true, genre = true, director = true, minutes = true }
    for _, film in ipairs(client:get("/movies?limit=100"):json().items) do
      for name in pairs(known) do assert.not_nil(film[name], name) end
      for name in pairs(film) do assert.is_true(known[name]) end
      assert.is_string(film.title)
    end
  end)

  it("refuses a limit or a cursor that makes no sense", function()
    for _, query in ipairs { "limit=0", "limit=101", "limit=-1", "limit=ten", "limit=99999999999999999999",
      "cursor=!", "cursor=" .. ("x"):rep(3000) } do
      local answer = client:get("/movies?" .. query)
      assert.equal(422, answer.status, query)
      assert.same({ "query", query:match "^(%w+)=" }, answer:json().detail[1].loc)
    end
    assert.equal(400, client:get("/movies?search=%zz").status)
  end)

  it("is searched by any part of a title, without regard to case", function()
    local films = follow "/movies?limit=7&search=gODf"
    assert.equal(db:value "SELECT count(*) FROM movies WHERE title ILIKE '%godf%'", #films)
    assert.is_true(#films >= 3)
    for _, film in ipairs(films) do assert.truthy(film.title:lower():find "godf") end
  end)

  it("takes a search as it is written", function()
    for _, search in ipairs { "100%", "_____", "\\", "'", "no film is called so" } do
      local answer = client:get("/movies?limit=100&search=" .. http.escape(search))
      assert.equal(200, answer.status)
      for _, film in ipairs(answer:json().items) do
        assert.truthy(film.title:lower():find(search:lower(), 1, true))
      end
    end
    local none = client:get "/movies?search=no+film+is+called+so"
    assert.truthy(none.body:find('"items":[]', 1, true))
    assert.equal(http.null, none:json().next)
  end)

  it("gives one film by its id", function()
    local film = client:get("/movies?limit=1"):json().items[1]
    local answer = client:get("/movies/" .. film.id)
    assert.equal(200, answer.status)
    assert.same(film, answer:json())
    local missing = client:get "/movies/999999999"
    assert.equal(404, missing.status)
    assert.is_string(missing:json().detail)
    for _, id in ipairs { "abc", "1.5", "9007199254740993", "99999999999999999999999" } do
      assert.equal(422, client:get("/movies/" .. id).status, id)
    end
  end)

  describe("'s ranking", function()
    it("is an empty list before the first vote, with an ETag", function()
      local answer = client:get "/movies/top"
      assert.equal(200, answer.status)
      assert.truthy(answer.body:find('"items":[]', 1, true))
      assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d", answer:json().as_of)
      assert.matches('^"[^"]+"$', answer.headers.etag)
      assert.matches("^%d+$", answer.headers.age)
    end)

    it("answers 304 to whoever has it", function()
      local etag = client:get("/movies/top").headers.etag
      for _, known in ipairs { etag, "W/" .. etag, '"other", ' .. etag, "*" } do
        local answer = client:get("/movies/top", { headers = { ["If-None-Match"] = known } })
        assert.equal(304, answer.status, known)
        assert.equal("", answer.body)
        assert.equal(etag, answer.headers.etag)
      end
      assert.equal(200, client:get("/movies/top", { headers = { ["If-None-Match"] = '"other"' } }).status)
    end)

    it("refuses a period or limit that makes no sense", function()
      for _, query in ipairs { "period=2026-13", "period=yesterday", "limit=0", "limit=1000" } do
        assert.equal(422, client:get("/movies/top?" .. query).status, query)
      end
      assert.equal(200, client:get("/movies/top?period=2001-01").status)
    end)

    it("shows votes within a second, most first, then by id", function()
      local films = client:get("/movies?limit=3"):json().items
      local before = client:get("/movies/top?limit=3").headers.etag
      local users = crowd.make(db, server.SECRET, "ranker", 4)
      local choice = { films[2], films[1], films[3], films[3] }
      for i, user in ipairs(users) do
        assert.equal(201, client:post("/vote/" .. choice[i].id, { token = user.token }).status)
      end
      local voted_at = loop.now()
      local items = loop.wait_until("the votes are in the ranking", 10, function()
        local top = client:get("/movies/top?limit=3"):json().items
        return #top == 3 and top[1].votes == 2 and top
      end)
      assert.is_true(loop.now() - voted_at < 3) -- a second, and what sanitizers and a busy machine add
      local order = {}
      for i, item in ipairs(items) do order[i] = { item.rank, item.id, item.title, item.votes } end
      assert.same({ { 1, films[3].id, films[3].title, 2 }, { 2, films[1].id, films[1].title, 1 },
        { 3, films[2].id, films[2].title, 1 } }, order)
      assert.not_equal(before, client:get("/movies/top?limit=3").headers.etag)
      assert.equal(3, #client:get("/movies/top?period=current"):json().items)
      assert.equal(1, #client:get("/movies/top?limit=1"):json().items)
    end)
  end)
end)
