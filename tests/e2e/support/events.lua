-- events: watches a stream of Server-Sent Events as a browser's EventSource does, without ever connecting again.

local json = require "dkjson"
local http = require "support.http"
local loop = require "support.loop"

local events = {}

local Stream = {}
Stream.__index = Stream

-- options: headers, more (bytes sent in the same breath behind the request), target, receive (bytes that the kernel
-- may keep for us unread). Raises unless it is answered 200.
function events.watch(port, options)
  options = options or {}
  local conn = assert(http.connect(port))
  if options.receive then assert(conn.tcp:recv_buffer_size(options.receive)) end
  local lines = { ("GET %s HTTP/1.1"):format(options.target or "/movies/top/stream"), "Host: localhost:" .. port }
  for name, value in pairs(options.headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  assert(conn:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (options.more or "")))
  local head = assert(conn:take_until "\r\n\r\n")
  assert(head:find "^HTTP/1.1 200 ", head)
  return setmetatable({ conn = conn, head = head, seen = {} }, Stream)
end

-- "id: a\nevent: b\ndata: {}\n\n" as { id =, event =, data = decoded, retry = }.
local function parse(text)
  local event = {}
  for name, value in text:gmatch "([^:\n]*): ([^\n]*)\n" do event[name ~= "" and name or "comment"] = value end
  if event.data then event.data = assert(json.decode(event.data, 1, json.null)) end
  return event
end

-- Takes what has come in; all events so far are in `seen`, comments too.
function Stream:pump()
  loop.sleep(0)
  local conn = self.conn
  while true do
    local _, last = conn.buffer:find("\n\n", 1, true)
    if not last then return self end
    table.insert(self.seen, parse(conn.buffer:sub(1, last - 1)))
    conn.buffer = conn.buffer:sub(last + 1)
  end
end

-- The newest event of that name, or nil.
function Stream:last(name)
  self:pump()
  for i = #self.seen, 1, -1 do
    if self.seen[i].event == name then return self.seen[i] end
  end
end

-- How many of that name were seen.
function Stream:count(name)
  self:pump()
  local count = 0
  for _, event in ipairs(self.seen) do
    if event.event == name then count = count + 1 end
  end
  return count
end

function Stream:ended()
  self:pump()
  return self.conn.ended
end

function Stream:stop_reading() self.conn.tcp:read_stop() end

function Stream:go_on_reading()
  local conn = self.conn
  conn.tcp:read_start(function(err, chunk)
    if chunk then conn.buffer = conn.buffer .. chunk else conn.ended = err or "closed" end
  end)
end

function Stream:close() self.conn:close() end

return events
