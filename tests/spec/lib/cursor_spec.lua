local cursor = require "lib.cursor"

describe("a cursor", function()
  it("comes back as the id that went in", function()
    for _, id in ipairs { 1, 2, 20, 255, 3200, 4294967296, 9007199254740992 >> 4 } do
      assert.equal(id, cursor.read(cursor.write(id)))
    end
  end)

  it("is refused when it is not one of ours", function()
    local good = cursor.write(20)
    local changed = good:gsub("%x$", "5")
    for _, text in ipairs { "", "20", "x", "0000", good .. "0", "0" .. good, good:upper() .. "\n", changed,
      good:gsub("^..", "%000"), ("f"):rep(40), "-1", "é" } do
      local id, why = cursor.read(text)
      assert.is_nil(id, text)
      assert.is_string(why)
    end
  end)
end)
