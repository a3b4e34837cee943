-- The page's words: every language has the same, with the same gaps in them, and the page asks for no others.

local words = require "tests.spec.support.words"

local FOLDER, LANGUAGES = "web/", { "en", "pt" }

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
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
    for i = 2, #LANGUAGES do words.assert_alike(FOLDER, LANGUAGES[1], LANGUAGES[i]) end
  end)

  it("are there for whatever the scripts say, and none is for nobody", function()
    local english, code, used = words.of(FOLDER, "en"), scripts(), {}
    for call in code:gmatch "say(%b())" do
      for name in call:gmatch '"([%l_]+)"' do
        if english[name] then used[name] = true end
      end
      local only = call:match '^%("([%l_]+)"[,)]'
      if only then assert.is_string(english[only], "nobody has written " .. only) end
    end
    for name in code:gmatch 'count%("(%l+)"' do
      assert.is_string(english[name .. "_one"])
      assert.is_string(english[name .. "_other"])
      used[name .. "_one"], used[name .. "_other"] = true, true
    end
    for name in read("web/index.html"):gmatch "{{([%l_]+)}}" do used[name] = true end
    for name in code:gmatch 'tellState%("?([%l_]+)' do used[name] = true end
    for name in code:gmatch '"polling" : "([%l_]+)"' do used[name], used.polling = true, true end
    for name in pairs(english) do assert.is_true(used[name], name .. " is said nowhere") end
  end)
end)
