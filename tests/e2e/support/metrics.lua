-- metrics: what GET /metrics of a server says, taken apart; and promtool, which knows what it should look like.

local uv = require "luv"
local loop = require "support.loop"
local process = require "support.process"

local metrics = {}

local Page = {}
Page.__index = Page

-- Asks for the page: { text =, values = { ["name{a=\"b\"}"] = number }, types = { name = "counter" } }.
function metrics.scrape(plateia)
  local answer = plateia.admin:get "/metrics"
  assert(answer.status == 200, answer.body)
  local page = setmetatable({ text = answer.body, headers = answer.headers, values = {}, types = {} }, Page)
  for line in answer.body:gmatch "([^\n]+)\n" do
    local name, kind = line:match "^# TYPE (%S+) (%S+)$"
    if name then
      page.types[name] = kind
    elseif line:sub(1, 1) ~= "#" then
      local series, value = line:match "^(%S+) (%S+)$"
      if not series then series, value = line:match "^(.+}) (%S+)$" end
      assert(series and tonumber(value) or value == "+Inf", "not understood: " .. line)
      assert(not page.values[series], "twice: " .. series)
      page.values[series] = tonumber(value)
    end
  end
  return page
end

-- The value of a series, "name" and its labels in the order of the page; 0 where it is not there.
function Page:get(name, labels)
  local parts = {}
  for i, label in ipairs(labels or {}) do parts[i] = ('%s="%s"'):format(label[1], label[2]) end
  return self.values[name .. (parts[1] and "{" .. table.concat(parts, ",") .. "}" or "")] or 0
end

-- How many requests of that kind there were.
function Page:requests(method, route, status)
  return self:get("http_server_request_duration_seconds_count",
    { { "method", method }, { "route", route }, { "status", status } })
end

-- All kinds of requests: { ["GET /x 200"] = count }.
function Page:kinds()
  local kinds = {}
  for series, value in pairs(self.values) do
    local method, route, status = series:match
      '^http_server_request_duration_seconds_count{method="([^"]*)",route="([^"]*)",status="([^"]*)"}$'
    if method then kinds[("%s %s %s"):format(method, route, status)] = value end
  end
  return kinds
end

-- Scrapes until `condition(page)` is true; gives that page.
function metrics.wait_until(what, plateia, condition)
  local page
  loop.wait_until(what, 10, function()
    page = metrics.scrape(plateia)
    return condition(page)
  end)
  return page
end

local function promtool()
  for folder in (os.getenv "PATH"):gmatch "[^:]+" do
    if uv.fs_stat(folder .. "/promtool") then return folder .. "/promtool" end
  end
  local unpacked = "build-promtool/usr/bin/promtool"
  assert(uv.fs_stat(unpacked), "there is no promtool: ./dev test unpacks it")
  return unpacked
end

-- Runs promtool with these words, reading the file `input` (may be nil); raises what it finds wrong.
function metrics.promtool(words, input)
  local code, text = process.run("sh", { args = { "-c", ('exec "$0" %s < "$1"'):format(words), promtool(),
    input or "/dev/null" } })
  if code ~= 0 then error(("promtool %s: %s"):format(words, text), 2) end
  return text
end

return metrics
