-- Reads a request by its route's declaration into typed tables; all that is wrong comes back in one 422.

local failure = require "plateia.failure"
local options = require "plateia.options"
local raw = require "plateia.raw"
local shape = require "plateia.shape"
local sized = require "plateia.sized"
local wrong = require "plateia.wrong"

local form_of, decode = raw.form, raw.json.decode

local input = {}

local function bad_request(detail)
  failure.raise { code = "bad_request", status = 400, detail = detail }
end

-- ---- when the route is loaded ----

-- Fields that are read from text.
local function text_plan(route, where)
  if not route[where] then return nil end
  local what, at = ("%s %s: %s"):format(route.method, route.template, where), route.file_line
  local members = shape.members(route[where], what, at)
  for _, member in ipairs(members) do
    if not member.field.text then
      options.refuse(what, ("%s: a %s cannot stand in text"):format(member.name, member.field.kind), at)
    end
  end
  return { members = members, new = sized(#members) }
end

-- Each path field learns which parameter of the template it is; template and fields name the same.
local function path_plan(route)
  local what, indexes, count = route.method .. " " .. route.template, {}, 0
  for name in route.template:gmatch("{([^}]*)}") do
    count = count + 1
    indexes[name] = count
    if not (route.path and route.path[name]) then
      options.refuse(what, ("path has no field for {%s}"):format(name), route.file_line)
    end
  end
  local plan = text_plan(route, "path")
  for _, member in ipairs(plan and plan.members or {}) do
    member.index = indexes[member.name]
    if not member.index then
      options.refuse(what, ("there is no {%s} in the path"):format(member.name), route.file_line)
    end
  end
  return plan
end

function input.plan(route)
  return {
    path = path_plan(route), query = text_plan(route, "query"), form = text_plan(route, "form"), body = route.body,
  }
end

-- ---- when a request comes ----

-- Puts one field's value into `out`, or returns the problems so far and its own.
local function take(member, text, out, where, problems)
  local field, name = member.field, member.name
  if text == nil then
    out[name] = field.default
    if field.optional or field.default ~= nil then return problems end
    return wrong.join(problems, wrong.under(where, wrong.under(name, wrong.missing())))
  end
  local value, found = field.text(text)
  if found then return wrong.join(problems, wrong.under(where, wrong.under(name, found))) end
  out[name] = value
  return problems
end

local function read_path(plan, handle)
  local out, members, problems = plan.new(), plan.members, nil
  for i = 1, #members do
    problems = take(members[i], handle:param(members[i].index), out, "path", problems)
  end
  return out, problems
end

local no_texts = {}

local function read_query(plan, handle, problems)
  local out, members, query = plan.new(), plan.members, handle:query()
  local texts = query == "" and no_texts or form_of(query)
  if not texts then bad_request("the query has a broken percent escape, or is not UTF-8") end
  for i = 1, #members do
    problems = take(members[i], texts[members[i].name], out, "query", problems)
  end
  return out, problems
end

local function media_type(handle)
  local text = handle:header("Content-Type")
  return text and text:match("^%s*([^;%s]*)"):lower() or ""
end

local function want_type(fine, found, wanted)
  if fine then return end
  local said = found == "" and "without a Content-Type" or "as " .. found
  failure.raise { code = "unsupported", status = 415,
    detail = ("the body came %s; send %s"):format(said, wanted) }
end

-- A parameter sent without a value counts as not sent (RFC 6749, 3.2).
local function read_form(plan, handle, problems)
  local out, members, body = plan.new(), plan.members, handle:body()
  local texts = no_texts
  if body ~= "" then
    local found = media_type(handle)
    want_type(found == "application/x-www-form-urlencoded", found, "application/x-www-form-urlencoded")
    texts = form_of(body)
    if not texts then bad_request("the form has a broken percent escape, or is not UTF-8") end
  end
  for i = 1, #members do
    local text = texts[members[i].name]
    if text == "" then text = nil end
    problems = take(members[i], text, out, "body", problems)
  end
  return out, problems
end

-- Text that no JSON reader should see is a bad request; text that is just not JSON is told as a wrong value.
local function refuse_json(why)
  if why:find("UTF-8", 1, true) or why:find("nested", 1, true) or why:find("\\u0000", 1, true) then
    bad_request("the body is no JSON that this server reads: " .. why)
  end
  local at = math.tointeger(tonumber(why:match("character (%d+)")))
  local problems = wrong.one("json_invalid", "JSON decode error", nil, { error = why })
  return wrong.under("body", wrong.under(at and at - 1 or 0, problems))
end

local function read_json(field, handle, problems)
  local body = handle:body()
  if body == "" then return nil, wrong.join(problems, wrong.under("body", wrong.missing())) end
  local found = media_type(handle)
  want_type(found == "application/json" or found:find("+json", -5, true), found, "application/json")
  local value, why = decode(body)
  if value == nil then return nil, wrong.join(problems, refuse_json(why)) end
  local out, wrongs = field.json(value)
  if wrongs then return nil, wrong.join(problems, wrong.under("body", wrongs)) end
  return out, problems
end

local function refuse(problems)
  local count = #problems
  failure.raise { code = "invalid", status = 422, errors = problems,
    detail = count == 1 and "one value is missing or wrong" or count .. " values are missing or wrong" }
end

function input.read(plan, handle, req)
  local problems
  if plan.path then req.path, problems = read_path(plan.path, handle) end
  if plan.query then req.query, problems = read_query(plan.query, handle, problems) end
  if plan.form then req.form, problems = read_form(plan.form, handle, problems) end
  if plan.body then req.body, problems = read_json(plan.body, handle, problems) end
  if problems then refuse(problems) end
end

return input
