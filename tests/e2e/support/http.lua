-- http: a client that hides nothing: keep-alive connections, arbitrary bytes, an end to every wait.

local json = require "dkjson"
local uv = require "luv"
local loop = require "support.loop"

local http = {}

-- Who writes to a connection that the server has closed gets an error, not the signal that ends us.
local broken_pipe = uv.new_signal()
broken_pipe:start("sigpipe", function() end)
broken_pipe:unref()

-- --- a connection ----------------------------------------------------------------------------------------

local Connection = {}
Connection.__index = Connection

local function wake(conn)
  local waiter = conn.waiter
  conn.waiter = nil
  if waiter then waiter(true) end
end

-- A TCP connection to 127.0.0.1 or the address given, or nil and why.
function http.connect(port, seconds, address)
  local conn = setmetatable({ tcp = uv.new_tcp(), buffer = "", seconds = seconds or 10 }, Connection)
  local ok, why = loop.await(conn.seconds, function(done)
    conn.tcp:connect(address or "127.0.0.1", port, function(err) done(not err, err) end)
  end)
  if not ok then
    conn:close()
    return nil, why
  end
  conn.tcp:nodelay(true)
  conn.tcp:read_start(function(err, chunk)
    if chunk then conn.buffer = conn.buffer .. chunk else conn.ended = err or "closed" end
    wake(conn)
  end)
  return conn
end

function Connection:close()
  self.ended = self.ended or "closed"
  if not self.tcp:is_closing() then self.tcp:close() end
end

function Connection:send(bytes)
  if self.tcp:is_closing() then return nil, "closed" end
  return loop.await(self.seconds, function(done)
    self.tcp:write(bytes, function(err) done(not err, err) end)
  end)
end

-- Waits for more bytes: true, or nil and "closed", "timeout" or the socket's error.
function Connection:fill(seconds)
  if self.ended then return nil, self.ended end
  local before = #self.buffer
  local _, why = loop.await(seconds or self.seconds, function(done) self.waiter = done end)
  self.waiter = nil
  if #self.buffer > before then return true end
  return nil, self.ended or why or "closed"
end

-- The first n bytes, or all up to and with a plain text; nil and why.
function Connection:take(n)
  while #self.buffer < n do
    local ok, why = self:fill()
    if not ok then return nil, why end
  end
  local bytes = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  return bytes
end

function Connection:take_until(text)
  while true do
    local _, last = self.buffer:find(text, 1, true)
    if last then return self:take(last) end
    local ok, why = self:fill()
    if not ok then return nil, why end
  end
end

-- All that comes until the other side closes (true) or nothing comes for that long (false).
function Connection:take_all(seconds)
  local ok, why = true, nil
  while ok do ok, why = self:fill(seconds) end
  local bytes = self.buffer
  self.buffer = ""
  return bytes, why ~= "timeout"
end

-- --- an answer -------------------------------------------------------------------------------------------

local Answer = {}
Answer.__index = Answer

-- The body as JSON; raises when it is none.
function Answer:json()
  local value, _, why = json.decode(self.body, 1, json.null)
  if why then error(("no JSON (%s) in the answer %d: %s"):format(why, self.status, self.body:sub(1, 300)), 2) end
  return value
end

local function parse_head(text)
  local answer = setmetatable({ headers = {}, body = "" }, Answer)
  local status, rest = text:match "^HTTP/1%.[01] (%d%d%d)[^\r\n]*\r\n(.*)$"
  if not status then return nil, "no status line: " .. text:sub(1, 100) end
  answer.status = math.tointeger(tonumber(status))
  for name, value in rest:gmatch "([^:\r\n]+):[ \t]*([^\r\n]*)\r\n" do
    name = name:lower()
    answer.headers[name] = answer.headers[name] and answer.headers[name] .. ", " .. value or value
  end
  return answer
end

local function take_chunks(conn)
  local parts = {}
  while true do
    local line, why = conn:take_until "\r\n"
    local size = line and tonumber(line:match "^%x+", 16)
    if not size then return nil, why or "no chunk size: " .. line end
    local chunk = conn:take(size + 2)
    if not chunk then return nil, "closed within a chunk" end
    if size == 0 then return table.concat(parts) end
    parts[#parts + 1] = chunk:sub(1, size)
  end
end

local function take_body(conn, answer, method)
  local length = tonumber(answer.headers["content-length"])
  if method == "HEAD" or answer.status == 204 or answer.status == 304 then return "" end
  if answer.headers["transfer-encoding"] == "chunked" then return take_chunks(conn) end
  if length then return conn:take(length) end
  return (conn:take_all())
end

-- One answer from the connection; `method` is what was asked (HEAD has no body). nil and why when none comes.
function Connection:answer(method)
  local head, why, answer, body
  repeat
    head, why = self:take_until "\r\n\r\n"
    if not head then return nil, why end
    answer, why = parse_head(head)
    if not answer then return nil, why end
  until answer.status ~= 100
  body, why = take_body(self, answer, method)
  if not body then return nil, why end
  answer.body = body
  if (answer.headers.connection or ""):lower() == "close" then self:close() end
  return answer
end

-- --- a client --------------------------------------------------------------------------------------------

local Client = {}
Client.__index = Client

-- A client of the server on that port. One request at a time; its connection is kept and made anew as needed.
-- options: token (a bearer token for every request), seconds (for each wait; 10)
function http.client(port, options)
  options = options or {}
  return setmetatable({ port = port, token = options.token, seconds = options.seconds or 10 }, Client)
end

function Client:close()
  if self.conn then self.conn:close() end
  self.conn = nil
end

local function encode_form(form)
  local pairs_ = {}
  for name, value in pairs(form) do
    pairs_[#pairs_ + 1] = name .. "=" .. http.escape(tostring(value))
  end
  return table.concat(pairs_, "&")
end

function http.escape(text)
  return (text:gsub("[^%w_.~-]", function(char) return ("%%%02X"):format(char:byte()) end))
end

-- What goes over the wire: options.json or .form (encoded) or .body (as it is), .headers, .token.
local function encode_request(client, method, target, options)
  local lines = { ("%s %s HTTP/1.1"):format(method, target) }
  local body, kind = options.body, nil
  if options.json ~= nil then body, kind = json.encode(options.json), "application/json" end
  if options.form then body, kind = encode_form(options.form), "application/x-www-form-urlencoded" end
  local headers = { Host = "localhost:" .. client.port, ["Content-Type"] = kind }
  local token = options.token or client.token
  if token then headers.Authorization = "Bearer " .. token end
  if body or method == "POST" then headers["Content-Length"] = #(body or "") end
  for name, value in pairs(options.headers or {}) do headers[name] = value end
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

-- An answer, or nil and why: "closed", "timeout", "ECONNREFUSED", ... No request is ever sent twice.
function Client:try(method, target, options)
  local why
  if not self.conn or self.conn.ended then
    self:close()
    self.conn, why = http.connect(self.port, self.seconds)
    if not self.conn then return nil, why end
  end
  local sent, answer
  sent, why = self.conn:send(encode_request(self, method, target, options or {}))
  if sent then answer, why = self.conn:answer(method) end
  if not answer then self:close() end
  return answer, why
end

-- As try, but raises where no answer comes.
function Client:ask(method, target, options)
  local answer, why = self:try(method, target, options)
  if not answer then error(("%s %s: %s"):format(method, target, why), 2) end
  return answer
end

function Client:get(target, options) return self:ask("GET", target, options) end
function Client:post(target, options) return self:ask("POST", target, options) end

-- Sends these bytes on a connection of their own: the answer or nil and why, and the connection.
function http.raw(port, bytes, seconds)
  local conn, why = http.connect(port, seconds)
  if not conn then return nil, why end
  conn:send(bytes)
  local answer
  answer, why = conn:answer()
  return answer, why, conn
end

http.null = json.null

return http
