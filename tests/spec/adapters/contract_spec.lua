-- What every adapter keeps, whatever its source: run over all files of scripts/adapters.

local json = require "plateia.json"
local raw = require "plateia.raw"

local forms = { key = "string", title = "string", year = "number", genre = "string", director = "string",
  minutes = "number" }

it("there are two catalogues at least", function() assert.is_true(#raw.scripts "adapters" >= 2) end)

for _, module in ipairs(raw.scripts "adapters") do
  describe(module, function()
    local adapter = require(module)

    it("is called as its file", function()
      assert.equal(module, "adapters." .. adapter.name)
    end)

    it("makes the sample's film of the sample's record", function()
      assert.same(adapter.sample.film, adapter.translate(adapter.sample.record))
    end)

    it("does not change a record", function()
      local before = json.encode(adapter.sample.record)
      adapter.translate(adapter.sample.record)
      assert.equal(before, json.encode(adapter.sample.record))
    end)

    it("gives the same film a second time", function()
      assert.same(adapter.translate(adapter.sample.record), adapter.translate(adapter.sample.record))
    end)

    it("refuses what is no film with a reason, never with an error", function()
      for _, record in ipairs { {}, "text", 5, true, json.null, { 1, 2, 3 } } do
        local film, reason = adapter.translate(record)
        assert.is_nil(film)
        assert.is_string(reason)
      end
    end)

    it("refuses a sample whose every value is of a strange kind", function()
      for _, strange in ipairs { json.null, true, {}, -1.5, "" } do
        local record = {}
        for name in pairs(adapter.sample.record) do record[name] = strange end
        local film, reason = adapter.translate(record)
        assert.is_nil(film)
        assert.is_string(reason)
      end
    end)

    it("gives a refused record's key, if any, as text", function()
      local record = json.decode(json.encode(adapter.sample.record))
      for name in pairs(record) do
        local kept = record[name]
        record[name] = nil
        local film, reason, key = adapter.translate(record)
        if not film then assert.is_string(reason) end
        assert.is_true(key == nil or not film and type(key) == "string")
        record[name] = kept
      end
    end)

    it("brings pages of at most 50 records, and tells how far it is, up to all of it", function()
      if not adapter.file and not adapter.fetch then return end
      local next_page, far, last, films, keys = adapter.pages(), 0, nil, 0, {}
      for records, done, total in next_page do
        assert.is_true(#records > 0 and #records <= 50)
        assert.is_true(done > far and done <= total)
        far, last = done, total
        for _, record in ipairs(records) do
          local film, reason = adapter.translate(record)
          if film then films, keys[film.key] = films + 1, true else assert.is_string(reason) end
          for name, value in pairs(film or {}) do assert.equal(forms[name], type(value)) end
        end
      end
      assert.equal(last, far)
      assert.is_true(films > 0)
      for _ in pairs(keys) do films = films - 1 end
      assert.equal(0, films) -- no key twice
    end)

    it("says why a file is none", function()
      for _, text in ipairs { "\xff not a file of records", "", "5", "null", '"text"', "[", "{", '{"a":' } do
        local next_page, why, code = adapter.pages(text)
        if next_page then next_page, why, code = next_page() end
        assert.is_nil(next_page)
        assert.is_string(why)
        assert.is_string(code)
      end
    end)
  end)
end
