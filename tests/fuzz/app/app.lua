-- One route for each way that a value can come in. Each gives back what it read, so that the answer's side is
-- tried with the same values. None may fail but by what it declares.

local fail = require "plateia.fail"
local field = require "plateia.field"
local json = require "plateia.json"
local route = require "plateia.route"

local function kinds()
  return {
    integer = field.integer { optional = true, min = -5, max = 5000 },
    any_integer = field.integer { optional = true },
    number = field.number { optional = true, min = -1.5, max = 1e20 },
    text = field.string { optional = true, min_length = 1, max_length = 20 },
    long = field.string { optional = true },
    email = field.string { optional = true, format = "email" },
    phone = field.string { optional = true, format = "phone" },
    flag = field.boolean { optional = true },
    choice = field.choice { "all", "current", default = "all" },
    secret = field.string { optional = true, min_length = 8, secret = true },
    checked = field.string { optional = true, check = function(value)
      if value:find "%d" then return nil, "no digits" end
      return value:upper()
    end },
  }
end

local function with_lists()
  local fields = kinds()
  fields.list = field.list { of = field.integer {}, optional = true, min = 1, max = 5 }
  fields.texts = field.list { of = field.string { max_length = 3 }, optional = true }
  fields.object = field.object({ name = field.string {}, inner = field.object({ n = field.integer {} },
    { optional = true }) }, { optional = true })
  fields.objects = field.list { of = { a = field.boolean {} }, optional = true }
  return fields
end

local Got = field.object(kinds())
local answers = { [200] = Got, [400] = fail.Problem, [404] = fail.Problem, [415] = fail.Problem,
  [422] = fail.Problem }

return {
  routes = {
    route.get "/query" { summary = "a query", query = kinds(), answers = answers,
      handler = function(req) return req.query end },
    route.get "/path/{integer}/{text}" { summary = "a path", answers = { [200] = field.object {
        integer = field.integer {}, text = field.string {} } },
      path = { integer = field.integer { min = 1 }, text = field.string { max_length = 10 } },
      handler = function(req) return req.path end },
    route.get "/path/top" { summary = "beside it", answers = { [200] = field.object {} },
      handler = function() return {} end },
    route.post "/form" { summary = "a form", form = kinds(), answers = answers,
      handler = function(req) return req.form end },
    route.post "/body" { summary = "a body", body = with_lists(),
      answers = { [200] = field.object(with_lists()) }, handler = function(req) return req.body end },
    route.put "/header" { summary = "headers", answers = { [200] = field.object {
        agent = field.string { optional = true } }, [404] = fail.Problem },
      handler = function(req)
        local agent = req:header "User-Agent"
        if agent and agent:find "none" then return fail.not_found "there is no such agent" end
        return { agent = agent and utf8.len(agent) and agent }
      end },
    route.post "/json" { summary = "JSON in text", form = { text = field.string {} },
      answers = { [200] = field.object { text = field.string {} } },
      handler = function(req)
        local value = json.decode(req.form.text)
        return { text = value == nil and "nothing" or json.encode(value) }
      end },
  },
}
