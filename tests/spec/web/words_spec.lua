-- The page's words: every language has the same, with the same gaps in them, and the page asks for no others.

local LANGUAGES = { "en", "pt" }

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function words_of(language)
  local words = {}
  for line in read("web/" .. language .. ".words"):gmatch "[^\n]+" do
    local name, text = line:match "^([%w_]+) = (.+)$"
    if name then
      assert.is_nil(words[name], name .. " stands twice")
      words[name] = text
    end
  end
  return words
end

-- "{b} and {a}" -> "a b"
local function gaps(text)
  local list = {}
  for name in text:gmatch "{(%w+)}" do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, " ")
end

local function scripts()
  local parts = {}
  local pipe = assert(io.popen "cat web/*.js")
  parts[1] = pipe:read "a"
  pipe:close()
  return parts[1]
end

describe("the page's words", function()
  it("are the same in every language, with the same gaps", function()
    local first = words_of(LANGUAGES[1])
    for i = 2, #LANGUAGES do
      local other = words_of(LANGUAGES[i])
      for name, text in pairs(first) do
        assert.is_string(other[name], LANGUAGES[i] .. " lacks " .. name)
        assert.equal(gaps(text), gaps(other[name]), name)
      end
      for name in pairs(other) do assert.is_string(first[name], LANGUAGES[1] .. " lacks " .. name) end
    end
  end)

  it("are there for whatever the scripts say, and none is for nobody", function()
    local words, code, used = words_of "en", scripts(), {}
    for call in code:gmatch "say(%b())" do
      for name in call:gmatch '"([%l_]+)"' do
        if words[name] then used[name] = true end
      end
      local only = call:match '^%("([%l_]+)"[,)]'
      if only then assert.is_string(words[only], "nobody has written " .. only) end
    end
    for name in code:gmatch 'count%("(%l+)"' do
      assert.is_string(words[name .. "_one"])
      assert.is_string(words[name .. "_other"])
      used[name .. "_one"], used[name .. "_other"] = true, true
    end
    for name in read("web/index.html"):gmatch "{{([%l_]+)}}" do used[name] = true end
    for name in code:gmatch 'tellState%("?([%l_]+)' do used[name] = true end
    for name in code:gmatch '"polling" : "([%l_]+)"' do used[name], used.polling = true, true end
    for name in pairs(words) do assert.is_true(used[name], name .. " is said nowhere") end
  end)
end)
