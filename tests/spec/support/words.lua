-- words: the texts of a page, LANG.words in its folder, as the specs of pages look at them.

local assert = require "luassert"

local words = {}

-- name -> text; each name stands once, and every other line is a comment.
function words.of(folder, language)
  local found = {}
  for line in io.lines(folder .. language .. ".words") do
    local name, text = line:match "^([%w_]+) = (.+)$"
    if name then
      assert.is_nil(found[name], name .. " stands twice")
      found[name] = text
    else
      assert.matches("^#", line)
    end
  end
  return found
end

-- "{b} and {a}" -> "a b"
local function gaps(text)
  local list = {}
  for name in text:gmatch "{(%w+)}" do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, " ")
end

-- Asserts that two languages say the same names, with the same gaps in each.
function words.assert_alike(folder, one, other)
  local first, second = words.of(folder, one), words.of(folder, other)
  for name, text in pairs(first) do
    assert.is_string(second[name], other .. " lacks " .. name)
    assert.equal(gaps(text), gaps(second[name]), name)
  end
  for name in pairs(second) do assert.is_string(first[name], one .. " lacks " .. name) end
end

return words
