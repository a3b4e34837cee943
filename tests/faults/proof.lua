-- proof: what the long proofs of this folder have in common: a temporary folder for the run, what was seen line by
-- line, and the last line, "N passed, N failed".

local uv = require "luv"

local proof = {}
local passed, failed = 0, 0

function proof.count(fine)
  if fine then passed = passed + 1 else failed = failed + 1 end
end

-- `wanted`: told where it is not what was got; nil: there is no one value.
function proof.see(what, fine, got, wanted)
  proof.count(fine)
  local instead = not fine and wanted ~= nil and ", not " .. tostring(wanted) or ""
  print(("%s %s: %s%s"):format(fine and "ok  " or "FAIL", what, got, instead))
  io.stdout:flush()
end

function proof.equal(what, wanted, got)
  proof.see(what, wanted == got, got, wanted)
end

-- Calls run(folder), and ends the program; raising counts as one that failed.
function proof.run(run)
  local folder = assert(uv.fs_mkdtemp "/tmp/plateia-XXXXXX")
  assert(uv.fs_chmod(folder, 493)) -- 0755: PostgreSQL's user has its own folder in it
  uv.os_setenv("TMPDIR", folder)
  local ok, why = xpcall(run, debug.traceback, folder)
  os.execute("rm -rf " .. folder)
  if not ok then
    proof.count(false)
    print("FAIL " .. tostring(why))
  end
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0)
end

return proof
