-- busted's output: a line for each file, every failure in full, and last the count that decides.

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base" ()
  local file = {}

  local function say(format, ...)
    io.write(format:format(...), "\n")
  end

  local function tell(problem)
    local trace = problem.element.trace or {}
    local message = problem.message
    if type(message) ~= "string" then message = require("pl.pretty").write(message) end
    say("  FAILED %s", problem.name)
    say("    at %s:%s", trace.short_src or "?", trace.currentline or "?")
    say("    %s", (message:gsub("\n", "\n    ")))
    if problem.isError and problem.trace and problem.trace.traceback then
      say("    %s", (problem.trace.traceback:gsub("\n", "\n    ")))
    end
  end

  function handler.fileStart(element)
    file = { name = element.name, passed = 0 }
    return nil, true
  end

  function handler.fileEnd()
    say("%-52s %d passed", file.name, file.passed)
    io.flush()
    return nil, true
  end

  function handler.testEnd(_, _, status)
    if status == "success" then file.passed = file.passed + 1 end
    if status == "failure" then tell(handler.failures[#handler.failures]) end
    if status == "error" then tell(handler.errors[#handler.errors]) end
    return nil, true
  end

  -- A file that does not load, a setup that raises.
  function handler.otherError(element)
    if element.descriptor ~= "it" then tell(handler.errors[#handler.errors]) end
    return nil, true
  end

  -- An empty run proves nothing, so it fails.
  function handler.suiteEnd(suite)
    local failed = handler.failuresCount + handler.errorsCount
    if handler.successesCount + failed == 0 then
      busted.publish({ "error" }, { descriptor = "suite", name = "suite" }, suite, "no test ran", {})
      failed = handler.failuresCount + handler.errorsCount
    end
    local skipped = handler.pendingsCount > 0 and (", %d skipped"):format(handler.pendingsCount) or ""
    say("%d passed, %d failed%s", handler.successesCount, failed, skipped)
    io.flush()
    return nil, true
  end

  busted.subscribe({ "file", "start" }, handler.fileStart)
  busted.subscribe({ "file", "end" }, handler.fileEnd)
  busted.subscribe({ "test", "end" }, handler.testEnd, { predicate = handler.cancelOnPending })
  busted.subscribe({ "error" }, handler.otherError)
  busted.subscribe({ "failure" }, handler.otherError)
  busted.subscribe({ "suite", "end" }, handler.suiteEnd)
  return handler
end
