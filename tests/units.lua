-- units: runs the unit tests of a build folder through ctest and counts cmocka's test cases, not programs.
--
--   lua5.4 tests/units.lua build-asan
--
-- A program that crashes, hangs, or fails without naming a case counts as one failed at least.

local build = assert(arg[1], "which build folder?")
local ctest = assert(io.popen(("ctest --test-dir '%s' --verbose --parallel 2 --timeout 120 2>&1"):format(build)))

-- What a program prints stands behind its number ("7: [       OK ] test_x"), then comes
-- " 3/20 Test  #7: base/test_buf ....   Passed    0.05 sec" or "...***Failed" or "***Exception: ...".
local lines, passed, failed, skipped = {}, 0, 0, 0

-- How many test cases stand behind a mark ("[ RUN      ] name"). Names count once: a program that forks may
-- print a line twice. The summary's "[  SKIPPED ] 1 test(s), listed below:" is no name.
local function named(output, mark)
  local names, count = {}, 0
  for _, line in ipairs(output) do
    local name = line:sub(1, #mark) == mark and line:sub(#mark + 2)
    if name and not name:find "test%(s%)" and not names[name] then
      names[name] = true
      count = count + 1
    end
  end
  return count
end

local function judge(number, name, verdict)
  local output = lines[number] or {}
  local fine, skips = named(output, "[       OK ]"), named(output, "[  SKIPPED ]")
  local wrong = named(output, "[ RUN      ]") - fine - skips
  local good = verdict:find "^%s*Passed" and wrong == 0 and fine > 0
  if not good then wrong = math.max(wrong, 1) end
  passed, failed, skipped = passed + fine, failed + wrong, skipped + skips
  print(("%s %s (%d)"):format(good and "ok  " or "FAIL", name, fine))
  if not good then
    print("     " .. verdict:gsub("^[%s*]+", ""))
    for _, line in ipairs(output) do print("     " .. line) end
  end
end

for line in ctest:lines() do
  local number, text = line:match "^(%d+): ?(.*)$"
  local ended, name, verdict = line:match "^%s*%d+/%d+ Test%s+#(%d+): (%S+)%s*%.+%s*(.*)$"
  if ended then
    judge(ended, name, verdict)
  elseif number then
    lines[number] = lines[number] or {}
    table.insert(lines[number], text)
  end
end
ctest:close()

if passed + failed == 0 then
  print "FAIL there was no test"
  failed = 1
end
print(("%d passed, %d failed%s"):format(passed, failed, skipped > 0 and (", %d skipped"):format(skipped) or ""))
os.exit(failed == 0)
