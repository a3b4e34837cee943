-- plans: reads sql/plans/NAME.plan, has PostgreSQL explain the query, and says where the two differ.
-- What may stand in such a file: sql/plans/README.md.

local json = require "cjson"
local process = require "support.process"

local plans = {}

local repeatable = { given = true, before = true, needs = true, never = true }
local single = { with = true, rows = true, buffers = true }

local function read_case(word, rest, case)
  if repeatable[word] then
    case[word] = case[word] or {}
    table.insert(case[word], rest)
  elseif single[word] and not case[word] then
    case[word] = rest
  else
    return nil
  end
  return true
end

-- The cases of a plan file: { name =, with =, given = {}, before = {}, needs = {}, never = {}, rows =, buffers = }
function plans.read(path)
  local cases, number = {}, 0
  for line in io.lines(path) do
    number = number + 1
    local word, rest = line:match "^%s*(%a+)%s*(.-)%s*$"
    local function wrong(why) error(("%s:%d: %s"):format(path, number, why), 0) end
    if word == "case" then
      cases[#cases + 1] = { name = rest }
    elseif word and not line:find "^#" then
      local case = cases[#cases] or wrong "a file begins with a case"
      if not read_case(word, rest, case) then wrong(("%q is not known, or given twice"):format(word)) end
    elseif line:find "%S" and not line:find "^#" then
      wrong "not understood"
    end
  end
  for _, case in ipairs(cases) do
    case.rows, case.buffers = math.tointeger(case.rows), math.tointeger(case.buffers)
    if not (case.buffers and (case.rows or not case.needs)) then
      error(("%s: case %s has no bounds"):format(path, case.name), 0)
    end
  end
  return assert(cases[1] and cases, path .. ": no case")
end

-- --- explaining ------------------------------------------------------------------------------------------

-- The types of a query's parameters, by its header: a batched query gets arrays and its slot.
local function types_of(text)
  local list, batch = {}, text:find "\n%-%- class: batch" or text:find "^%-%- class: batch"
  for param in (text:match "%-%- params: ([^\n]*)" or ""):gmatch "[^,]+" do
    local name = param:match("^%s*%S+%s+(.-)%s*$"):gsub("^double", "double precision")
    list[#list + 1] = name .. (batch and "[]" or "")
  end
  if text:find "%-%- slot:" then list[#list + 1] = "int" end
  return list[1] and "(" .. table.concat(list, ", ") .. ")" or ""
end

-- As a server left at its defaults plans, and as the embedded one does; each with the parameters known and unknown.
local ways = {}
for _, setting in ipairs { { "defaults", "4" }, { "embedded", "1.1" } } do
  for _, mode in ipairs { "custom", "generic" } do
    ways[#ways + 1] = { name = setting[1] .. ", " .. mode,
      sql = ("SET LOCAL jit = off; SET LOCAL random_page_cost = %s; SET LOCAL plan_cache_mode = force_%s_plan;")
        :format(setting[2], mode) }
  end
end

-- All in one transaction that is rolled back; each explaining in a savepoint, with a plan of its own. The first run of
-- each is not looked at: it also reads what PostgreSQL then knows about the tables.
local function script(text, case, first, only)
  local lines = { "BEGIN;", first or "" }
  local function add(...) lines[#lines + 1] = string.format(...) end
  for _, given in ipairs(case.given or {}) do
    local name, sql = given:match "^(%S+)%s+(.*)$"
    add("SELECT (%s) AS %s \\gset", sql, name)
  end
  for _, sql in ipairs(case.before or {}) do add("%s;", sql) end
  local call = case.with and "asked(" .. case.with .. ")" or "asked"
  for _, way in ipairs(ways) do
    if not only or only == way.name then
      add("\\echo == %s", way.name)
      add("SAVEPOINT one; %s", way.sql)
      add("PREPARE asked%s AS %s;", types_of(text), text)
      add("SAVEPOINT warm; EXPLAIN (ANALYZE) EXECUTE %s \\g /dev/null", call)
      add("ROLLBACK TO warm; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE %s;", call)
      add("DEALLOCATE asked; ROLLBACK TO one;")
    end
  end
  add("ROLLBACK;")
  return table.concat(lines, "\n")
end

-- --- judging ---------------------------------------------------------------------------------------------

-- A statement that changes tables may run parts of it when its rows are done: what is beside the tree counts too.
local function buffers_of(node)
  local below = 0
  for _, child in ipairs(node.Plans or {}) do below = below + buffers_of(child) end
  return math.max(below, node["Shared Hit Blocks"] + node["Shared Read Blocks"])
end

-- Rows that scans of tables took in, those that they threw away included.
local function rows_of(node)
  local loops, rows = node["Actual Loops"], 0
  if node["Relation Name"] and node["Node Type"] ~= "ModifyTable" then
    rows = (node["Actual Rows"] + (node["Rows Removed by Filter"] or 0)
      + (node["Rows Removed by Index Recheck"] or 0)) * loops
  end
  for _, child in ipairs(node.Plans or {}) do rows = rows + rows_of(child) end
  return rows
end

-- Every node that ran, as { "Index Scan", "movies_pkey", "movies" }; partitions go by the name of the whole.
local function nodes_of(node, parents, found)
  if node["Actual Loops"] > 0 then
    local index, relation = node["Index Name"], node["Relation Name"]
    found[#found + 1] = { node["Node Type"], parents[index] or index, parents[relation] or relation }
  end
  for _, child in ipairs(node.Plans or {}) do nodes_of(child, parents, found) end
  return found
end

-- "Index Scan | Index Only Scan users_pkey": one of these types, on this index or table where one is named.
local function matches(pattern, node)
  local kinds, name = pattern:match "^(.-)%s+([%l_%d]+)$"
  if name and name ~= node[2] and name ~= node[3] then return false end
  for kind in (kinds or pattern):gmatch "[^|]+" do
    if kind:match "^%s*(.-)%s*$" == node[1] then return true end
  end
  return false
end

local function any(pattern, nodes)
  for _, node in ipairs(nodes) do
    if matches(pattern, node) then return true end
  end
  return false
end

local PARENTS = [[
  SELECT c.relname, p.relname
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent]]

local function parents_in(db)
  local parents = {}
  for _, row in ipairs(db:rows(PARENTS)) do parents[row[1]] = row[2] end
  return parents
end

-- What PostgreSQL does for a case of the query NAME, once for each way to plan: { how =, plan =, milliseconds =,
-- rows =, buffers = }. `first` is SQL that is run before, in the same transaction; `only` one of these ways. All is
-- rolled back.
function plans.explain(db, name, case, first, only)
  local text = process.read_file("sql/queries/" .. name .. ".sql")
  local said, found = {}, {}
  for _, row in ipairs(db:rows(script(text, case, first, only))) do said[#said + 1] = table.concat(row, " ") end
  for how, answer in table.concat(said, "\n"):gmatch "== ([^\n]+)\n(%b[])" do
    local whole = json.decode(answer)[1]
    found[#found + 1] = { how = how, plan = whole.Plan, milliseconds = whole["Execution Time"],
      rows = rows_of(whole.Plan), buffers = buffers_of(whole.Plan) }
  end
  assert(#found == (only and 1 or #ways), name .. ": not explained")
  if first or not text:find "%-%- class: read" then db:run "VACUUM" end -- of what was rolled back
  return found
end

local function judge(case, done, parents)
  local wrong, nodes = {}, nodes_of(done.plan, parents, {})
  local function note(...) wrong[#wrong + 1] = string.format(...) end
  for _, pattern in ipairs(case.needs or {}) do
    if not any(pattern, nodes) then note("no %s", pattern) end
  end
  for _, pattern in ipairs(case.never or {}) do
    if any(pattern, nodes) then note("%s", pattern) end
  end
  if case.rows and done.rows > case.rows then note("%d rows read, %d allowed", done.rows, case.rows) end
  if done.buffers > case.buffers then note("%d buffers read, %d allowed", done.buffers, case.buffers) end
  return wrong
end

-- What is wrong with a case of the query NAME: an array of sentences, empty when all is well.
function plans.check(db, name, case, first)
  local wrong, parents = {}, parents_in(db)
  for _, done in ipairs(plans.explain(db, name, case, first)) do
    for _, sentence in ipairs(judge(case, done, parents)) do
      wrong[#wrong + 1] = ("%s, %s (%s): %s"):format(name, case.name, done.how, sentence)
    end
  end
  return wrong
end

-- The case of that title in NAME's file.
function plans.find(name, title)
  for _, case in ipairs(plans.read("sql/plans/" .. name .. ".plan")) do
    if case.name == title then return case end
  end
  error(name .. ": no case " .. title)
end

-- Names of all files in a folder that end so, sorted, without the ending.
function plans.names(folder, ending)
  local names = {}
  for file in assert(io.popen("ls " .. folder)):lines() do
    names[#names + 1] = file:match("^(.+)%." .. ending .. "$")
  end
  return names
end

return plans
