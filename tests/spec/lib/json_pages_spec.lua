local json_pages = require "lib.json_pages"

-- All pages as one list of sizes and one of records; or what failed.
local function read(text, path, size)
  local next_page, why, code = json_pages(text, path or {}, size or 2)
  if not next_page then return nil, why, code end
  local sizes, all = {}, {}
  while true do
    local records, far
    records, far, code = next_page()
    if not records then
      if far then return nil, far, code end
      return all, sizes
    end
    sizes[#sizes + 1] = #records
    table.move(records, 1, #records, #all + 1, all)
  end
end

describe("json_pages", function()
  it("cuts an array into pages", function()
    assert.same({ { 1, 2, 3, 4, 5 }, { 2, 2, 1 } }, { read "[1,2,3,4,5]" })
    assert.same({ { 1, 2 }, { 2 } }, { read " [ 1 , 2 ]\n" })
    assert.same({ {}, {} }, { read "[ ]" })
  end)

  it("is not misled by signs in texts", function()
    local all = read [=[[{"a":"]},[{","b":{"c":["}"]}},"x\\","\"]",[],{}]]=]
    assert.equal("]},[{", all[1].a)
    assert.same({ "}" }, all[1].b.c)
    assert.same({ 'x\\', '"]' }, { all[2], all[3] })
    assert.equal(5, #all)
  end)

  it("finds an array that lies deeper", function()
    local text = '{"head":{"results":[9]},"results":{"x":"bindings","bindings":[1,2,3],"y":[4]},"z":1}'
    assert.same({ 1, 2, 3 }, (read(text, { "results", "bindings" })))
    assert.same({ 4 }, (read(text, { "results", "y" })))
    assert.same({ 9 }, (read(text, { "head", "results" })))
  end)

  it("tells how many bytes are done", function()
    local text = "[10,20,30]"
    local next_page = json_pages(text, {}, 2)
    assert.equal(7, select(2, next_page()))
    assert.equal(#text, select(2, next_page()))
    assert.is_nil((next_page()))
  end)

  it("says that there is no array", function()
    for _, text in ipairs { "", "5", "{}", '"["', "null" } do
      assert.same({ nil, "a JSON array of records was expected", "invalid" }, { read(text) })
    end
    for _, text in ipairs { "[]", '{"a":[]}', '{"b":1}', '{"b"', '{"b":', '{"a":{', '{"a" "b"',
      '{"c":1 "b":[]}' } do
      assert.same({ nil, "a JSON array of records was expected at b", "invalid" }, { read(text, { "b" }) })
    end
  end)

  it("says which record is no JSON", function()
    for text, why in pairs {
      ["[1,2,x]"] = "^record 3 is no JSON: ", ["[1,,2]"] = "^record 2 is no JSON: ",
      ["[1,]"] = "^record 2 is no JSON: ",
      ["[,1]"] = "^record 1 is no JSON: ", ["[1 2]"] = "^record 1 is no JSON: after it, a comma",
      ["[1,2"] = "^record 2 is no JSON: ", ['[{"a":'] = "^record 1 is no JSON: it ends", ['["a'] = "it ends",
      ["[{]"] = "^record 1 is no JSON: ", ["[{]}]"] = "^record 1 is no JSON: ",
      ["[1"] = "^record 1 is no JSON: it ends",
      ["[1]]"] = "the file's end was expected", ["[1] x"] = "the file's end was expected",
    } do
      local all, reason, code = read(text)
      assert.is_nil(all, text)
      assert.matches(why, reason)
      assert.equal("invalid", code)
    end
  end)

  it("does not look for the end of a record without bound", function()
    local all, why = read('[{"a":[' .. ("[],"):rep(100000) .. "1]}]")
    assert.is_nil(all)
    assert.matches("longer than 256 KiB", why)
  end)
end)
