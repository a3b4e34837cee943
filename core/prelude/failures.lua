-- How failures are described: what every API has, once, and what a route tells in words of its own (fail.problem).
-- Each comes in two forms: what FastAPI's clients know, and RFC 9457 for those who ask for it by Accept.

local example = require "plateia.example"
local fail = require "plateia.fail"
local record = require "plateia.record"
local schema = require "plateia.schema"
local shape = require "plateia.shape"

local of, list, sorted = record.of, record.list, record.sorted

local failures = {}

local titles = {
  [200] = "What was asked for", [201] = "It was made", [202] = "It will be done",
  [204] = "Done: there is nothing to say",
  [304] = "What the client has is still right (If-None-Match)",
  [400] = "The request cannot be read", [401] = "Nobody is signed in", [403] = "Not for this user",
  [404] = "There is no such thing", [406] = "The client takes no answer that there is (Accept)",
  [409] = "It does not go with what is there", [411] = "The body's length was not said",
  [413] = "The body is too large", [415] = "The body's media type is another than the one asked for",
  [422] = "Values are missing or wrong: one entry for each",
  [429] = "Too many attempts, or too many connections: Retry-After tells when to try again",
  [500] = "A fault of the server: the log has the request's id",
  [503] = "No capacity right now: Retry-After tells when to try again",
}

function failures.title(status)
  return titles[status] or (status < 400 and "Done" or "It could not be done")
end

-- ---- examples ----

-- RFC 9110's, as the core's problem.c has them.
local names = { [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [406] = "Not Acceptable", [409] = "Conflict", [411] = "Length Required", [413] = "Content Too Large",
  [415] = "Unsupported Media Type", [422] = "Unprocessable Content", [429] = "Too Many Requests",
  [500] = "Internal Server Error", [503] = "Service Unavailable" }

local words = {
  [400] = "Send exactly one Host header.", [401] = "Not authenticated",
  [406] = "this is a stream of events: accept text/event-stream",
  [411] = "Send a Content-Length; Transfer-Encoding is not taken.", [413] = "Send a smaller body.",
  [415] = "the body came as text/plain; send application/json",
  [422] = "1 value is missing or wrong", [429] = "too many attempts; try again in 42 s",
  [500] = "internal error; request 5f0c1f2ab7d94e6f8d3b2a1c09e8d7f6",
  [503] = "the server has no capacity for this right now; try again in a moment",
}

local REQUEST = "5f0c1f2ab7d94e6f8d3b2a1c09e8d7f6"

local function wrong()
  return list { of("type", "int_parsing", "loc", list { "path", "id" },
    "msg", "Input should be a valid integer, unable to parse string as an integer", "input", "abc") }
end

-- The further members of a form, with their examples.
local function more_of(form)
  local parts = {}
  for _, member in ipairs(form.more and shape.members(form.more, "fail.problem") or {}) do
    local value = example.of(member.field, true)
    if value ~= nil then
      parts[#parts + 1] = member.name
      parts[#parts + 1] = value
    end
  end
  return table.unpack(parts)
end

local function joined(first, ...)
  for i = 1, select("#", ...) do first[#first + 1] = (select(i, ...)) end
  return of(table.unpack(first))
end

local function plain_example(status, form)
  local detail = status == 422 and not form.words and wrong() or form.words or words[status] or names[status]
  return joined({ "detail", detail, "generation", 1 }, more_of(form))
end

local function details_example(status, form)
  local parts = { "type", "about:blank", "title", names[status] or "Client Error", "status", status,
    "detail", form.words or words[status] or names[status] or "Client Error", "request_id", REQUEST }
  if status == 422 and not form.words then
    parts[#parts + 1] = "errors"
    parts[#parts + 1] = wrong()
  end
  parts[#parts + 1] = "generation"
  parts[#parts + 1] = 1
  return joined(parts, more_of(form))
end

-- ---- schemas ----

local function loose(kind, description)
  return of("type", kind, "description", description)
end

local generation = loose("integer", "the number of the scripts that answered")

-- Of the form with further members, which stand beside `detail` where they are known.
local function own_schema(form, components)
  local parts = { "detail", loose("string", "what is wrong, and what to do") }
  for _, member in ipairs(shape.members(form.more, "fail.problem")) do
    parts[#parts + 1] = member.name
    parts[#parts + 1] = schema.of(member.field, { text = true, answers = true, components = components })
  end
  return joined({ "type", "object", "properties", joined(parts, "generation", generation), "required",
    list { "detail" } })
end

function failures.schemas()
  local text, number = of("type", "string"), of("type", "integer")
  local entry = of("type", "object", "properties", of("type", text,
    "loc", of("type", "array", "items", of("type", list { "string", "integer" })), "msg", text,
    "input", of("description", "what was given, where it is a plain value"), "ctx", of("type", "object")),
    "required", list { "type", "loc", "msg", "input" })
  return {
    Problem = of("type", "object", "properties", of("detail", loose("string", "what is wrong, and what to do"),
      "request_id", loose("string", "of a fault of the server: the log has it too"), "generation", generation),
      "required", list { "detail" }),
    Invalid = of("type", "object", "properties", of("detail", of("type", "array", "items", entry), "generation",
      generation), "required", list { "detail" }),
    ProblemDetails = of("type", "object", "description",
      "RFC 9457, and what else there is to tell", "properties", of("type", text, "title", text,
      "status", number, "detail", text, "request_id", text, "errors", of("type", "array", "items", entry),
      "generation", generation), "required", list { "type", "title", "status", "detail", "request_id" },
      "additionalProperties", true),
  }
end

-- ---- answers ----

function failures.ref(kind, name)
  return of("$ref", ("#/components/%s/%s"):format(kind, name))
end
local ref = failures.ref

function failures.headers(status)
  local headers = { ["X-Request-Id"] = ref("headers", "RequestId") }
  if status == 429 or status == 503 then headers["Retry-After"] = ref("headers", "RetryAfter") end
  if status == 401 then headers["WWW-Authenticate"] = ref("headers", "Challenge") end
  return sorted(headers)
end

-- form: fail.Problem, or one that fail.problem made.
function failures.answer(status, form, components)
  local body = form.more and own_schema(form, components)
    or ref("schemas", status == 422 and not form.words and "Invalid" or "Problem")
  return of("description", failures.title(status), "headers", failures.headers(status), "content",
    of("application/json", of("schema", body, "example", plain_example(status, form)),
      "application/problem+json", of("schema", ref("schemas", "ProblemDetails"),
        "example", details_example(status, form))))
end

-- Those that any request may meet, whatever its handler does: described once.
failures.shared = { [400] = "BadRequest", [401] = "Unauthorized", [406] = "NotAcceptable", [411] = "LengthRequired",
  [413] = "TooLarge", [415] = "Unsupported", [422] = "Invalid", [429] = "TooMany", [500] = "Failed",
  [503] = "Unavailable" }

function failures.components()
  local found = {}
  for status, name in pairs(failures.shared) do found[name] = failures.answer(status, fail.Problem) end
  return sorted(found)
end

return failures
