-- What every adapter keeps, whatever its source: run over all files of scripts/adapters.

local json = require "plateia.json"
local raw = require "plateia.raw"

local forms = { key = "string", title = "string", year = "number", genre = "string", director = "string",
  minutes = "number" }

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

    it("fetches pages of records until there are no more", function()
      local page, count = 1, 0
      while adapter.fetch do
        local records, why = adapter.fetch(page)
        assert.is_nil(why)
        if not records then break end
        count, page = count + #records, page + 1
        for _, record in ipairs(records) do
          local film, reason = adapter.translate(record)
          if not film then assert.is_string(reason) end
          for name, value in pairs(film or {}) do assert.equal(forms[name], type(value)) end
        end
      end
      assert.is_true(count > 0 or not adapter.fetch)
    end)

    it("says why a file is none", function()
      local records, why = adapter.read "\xff not a file of records"
      assert.is_nil(records)
      assert.is_string(why)
    end)
  end)
end
