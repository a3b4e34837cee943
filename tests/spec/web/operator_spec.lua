-- The operators' page: its words are the same in every language, and none is for nobody.

local words = require "tests.spec.support.words"

local FOLDER = "web/operator/"

local function read(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

describe("the operators' page", function()
  local english = words.of(FOLDER, "en")
  local scripts, shell = read("cat " .. FOLDER .. "*.js"), read("cat " .. FOLDER .. "index.html")

  it("says the same in both languages, with the same gaps", function()
    words.assert_alike(FOLDER, "en", "pt")
  end)

  it("has words for whatever its scripts say", function()
    for name in scripts:gmatch 'say%("([%l_]+)"' do assert.is_string(english[name], "nobody has written " .. name) end
    for name in scripts:gmatch 'count%("([%l_]+)"' do
      assert.is_string(english[name .. "_other"], "nobody has written " .. name .. "_other")
    end
  end)

  it("has no word that is said nowhere", function()
    local used = {}
    for name in shell:gmatch "{{([%l_]+)}}" do used[name] = true end
    for name in scripts:gmatch '"([%l_]+)"' do
      used[name], used[name .. "_one"], used[name .. "_other"], used[name .. "_means"] = true, true, true, true
    end
    local families = { "^state_" }
    for prefix in scripts:gmatch 'known%("(%l+)"' do families[#families + 1] = "^" .. prefix .. "_" end
    for prefix in scripts:gmatch '"%l+", "(%l+)"%)' do families[#families + 1] = "^" .. prefix .. "_" end
    for name in pairs(english) do
      local said = used[name]
      for _, family in ipairs(families) do said = said or name:match(family) end
      assert.truthy(said, name .. " is said nowhere")
    end
  end)

  it("asks for no file that is not there, and leaves none unasked", function()
    local listed = {}
    for name in shell:gmatch '/assets/([%w%.]+)"' do
      listed[name] = true
      assert(io.open(FOLDER .. name), name):close()
    end
    for name in read("ls " .. FOLDER):gmatch "(%S+%.js)" do
      assert.is_true(listed[name], name .. " is not loaded beforehand")
    end
  end)
end)
