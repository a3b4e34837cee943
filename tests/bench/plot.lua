-- plot: bars and lines as SVG, by hand: readable without scripts, light and dark as the reader has it.

local plot = {}

local WIDTH, LEFT, RIGHT = 760, 252, 120 -- of the picture; for names; for figures behind bars
local BAR, GAP = 17, 7

local STYLE = [[
  <style>
    text { fill: #1f2328; }
    .note { fill: #59636e; font-size: 11.5px; }
    .name { font-weight: 600; }
    .axis { stroke: #b9c0c8; fill: none; }
    .cut { stroke: #fff; stroke-width: 4; }
    .a { fill: #3b5bdb; } .b { fill: #2b8a3e; } .c { fill: #d9480f; } .other { fill: #98a2ad; }
    .la { stroke: #3b5bdb; } .lb { stroke: #2b8a3e; } .lc { stroke: #d9480f; }
    .la, .lb, .lc { fill: none; stroke-width: 2; }
    .lb { stroke-dasharray: 7 4; } .lc { stroke-dasharray: 2 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .note { fill: #9aa4af; }
      .axis { stroke: #444c56; }
      .cut { stroke: #0d1117; }
      .a { fill: #748ffc; } .b { fill: #51cf66; } .c { fill: #ff922b; } .other { fill: #6b7580; }
      .la { stroke: #748ffc; } .lb { stroke: #51cf66; } .lc { stroke: #ff922b; }
    }
  </style>
]]

local function escape(text)
  return (tostring(text):gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function picture(title, description, height, body)
  return ([[<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="t d" ]]
    .. [[font-family="system-ui, sans-serif" font-size="13">
  <title id="t">%s</title>
  <desc id="d">%s</desc>
%s%s
</svg>
]]):format(WIDTH, height, escape(title), escape(description), STYLE, table.concat(body, "\n"))
end

local function text(x, y, words, class, anchor)
  return ('  <text x="%.0f" y="%.0f"%s%s>%s</text>'):format(x, y, class and (' class="%s"'):format(class) or "",
    anchor and (' text-anchor="%s"'):format(anchor) or "", escape(words))
end

local function rect(x, y, width, height, class)
  return ('  <rect x="%.1f" y="%.1f" width="%.1f" height="%d" class="%s"/>'):format(x, y, width, height, class)
end

-- Names of what the colours mean, in a line.
local function legend(body, names, y)
  local x = LEFT
  for i, name in ipairs(names) do
    body[#body + 1] = rect(x, y - 10, 11, 11, ("abc"):sub(i, i))
    body[#body + 1] = text(x + 16, y, name, "note")
    x = x + 34 + #name * 6.5
  end
end

local function sum(parts)
  local total = 0
  for _, part in ipairs(parts) do total = total + part end
  return total
end

-- Where a scale ends: at the longest bar, unless that would make all others short; then it is cut.
local function longest(bars)
  local lengths = {}
  for i, bar in ipairs(bars) do lengths[i] = sum(bar.parts) end
  table.sort(lengths, function(a, b) return a > b end)
  local second = lengths[2] or lengths[1]
  return lengths[1] > 4 * second and 1.5 * second or lengths[1]
end

-- groups: { title, unit, bars = { { name, parts = { numbers }, figure = text, ours = boolean } } }, each with a scale
-- of its own that begins at 0. names: what the parts are, where there are several.
function plot.bars(title, groups, names)
  local body, y = {}, 22
  body[1] = text(12, y, title, "name")
  if names then
    y = y + 22
    legend(body, names, y)
  end
  for _, group in ipairs(groups) do
    y = y + 34
    body[#body + 1] = text(12, y, group.title, "name")
    body[#body + 1] = text(WIDTH - 12, y, group.unit, "note", "end")
    local most = longest(group.bars)
    y = y + 10
    local top = y
    for _, bar in ipairs(group.bars) do
      body[#body + 1] = text(LEFT - 8, y + 13, bar.name, bar.ours and "name" or nil, "end")
      local x, whole = LEFT, sum(bar.parts)
      for i, part in ipairs(bar.parts) do
        local width = whole > 0 and part / math.max(whole, most) * (WIDTH - LEFT - RIGHT) or 0
        body[#body + 1] = rect(x, y, width, BAR, names and ("abc"):sub(i, i) or bar.ours and "a" or "other")
        x = x + width
      end
      if whole > most then
        body[#body + 1] = ('  <path d="M%.0f %dl6 %d" class="cut"/>'):format(x - 26, y - 2 + BAR + 4, -BAR - 4)
      end
      body[#body + 1] = text(x + 6, y + 13, bar.figure, bar.ours and "name" or nil)
      y = y + BAR + GAP
    end
    body[#body + 1] = ('  <path d="M%d %dV%d" class="axis"/>'):format(LEFT, top - 4, y - 2)
  end
  return picture(title, "Horizontal bars; the figures stand beside them and in the tables of the page. "
    .. "A bar with a gap is longer than drawn.", y + 12, body)
end

-- --- lines -----------------------------------------------------------------------------------------------

local function steps(most)
  local step = 10 ^ math.floor(math.log(most, 10))
  if most / step < 1.5 then step = step / 5 elseif most / step < 3 then step = step / 2 end
  return step
end

-- The places of an axis's marks and a function from a value to 0..1.
local function scale(values, logarithmic)
  local least, most = math.huge, 0
  for _, value in ipairs(values) do least, most = math.min(least, value), math.max(most, value) end
  local marks = {}
  if logarithmic then
    local low, high = math.floor(math.log(least, 10)), math.ceil(math.log(most, 10))
    if high == low then high = low + 1 end
    for power = low, high do marks[#marks + 1] = 10 ^ power end
    return marks, function(value) return (math.log(value, 10) - low) / (high - low) end
  end
  local step = steps(most)
  local top = math.ceil(most / step) * step
  for value = 0, top + step / 2, step do marks[#marks + 1] = value end
  return marks, function(value) return value / top end
end

local function short(value)
  if value >= 1000 then return ("%g,000"):format(value / 1000) end
  return ("%g"):format(value)
end

local function panel(body, each, at, left, top, width, height)
  local values = {}
  for _, series in ipairs(each.series) do
    for _, value in pairs(series.values) do values[#values + 1] = value end
  end
  if not values[1] then return end
  local marks, place = scale(values, each.logarithmic)
  body[#body + 1] = text(left - 40, top - 14, each.title, "name")
  for _, mark in ipairs(marks) do
    local y = top + height * (1 - place(mark))
    body[#body + 1] = ('  <path d="M%d %.1fh%d" class="axis"/>'):format(left, y, width)
    body[#body + 1] = text(left - 6, y + 4, short(mark), "note", "end")
  end
  local function x_of(i) return left + 14 + (width - 28) * (i - 1) / (#at - 1) end
  for i, value in ipairs(at) do body[#body + 1] = text(x_of(i), top + height + 17, value, "note", "middle") end
  body[#body + 1] = text(left + width / 2, top + height + 35, each.below, "note", "middle")
  for s, series in ipairs(each.series) do
    local colour, path = ("abc"):sub(s, s), {}
    for i in ipairs(at) do
      local value = series.values[i]
      if value then
        local y = top + height * (1 - place(value))
        path[#path + 1] = ("%s%.1f %.1f"):format(path[1] and "L" or "M", x_of(i), y)
        body[#body + 1] = ('  <circle cx="%.1f" cy="%.1f" r="3.5" class="%s"/>'):format(x_of(i), y, colour)
      end
    end
    body[#body + 1] = ('  <path d="%s" class="l%s"/>'):format(table.concat(path), colour)
  end
end

-- Two panels beside one another: { title, below, logarithmic, series = { { name, values } } }; `at`: the places on
-- both horizontal axes, as far from each other whatever they are.
function plot.lines(title, panels, at)
  local body, height = { text(12, 22, title, "name") }, 230
  local names = {}
  for i, series in ipairs(panels[1].series) do names[i] = series.name end
  legend(body, names, 44)
  for i, each in ipairs(panels) do
    panel(body, each, at, 66 + (i - 1) * (WIDTH / 2), 92, WIDTH / 2 - 92, height)
  end
  return picture(title, "Lines; the figures stand in the tables of the page.", 92 + height + 50, body)
end

return plot
