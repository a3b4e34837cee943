-- report: busted's output, a line a test with the time it took, whole messages at once where one fails, and
-- the closing line "N passed, N failed".

local pretty = require "pl.pretty"

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()

  local function write(text)
    io.stdout:write(text)
    io.stdout:flush()
  end

  -- Anything that went wrong: in a test, or around it (then there is no "it" to name).
  local function wrong(element, _, message)
    local text = type(message) == "string" and message or pretty.write(message or "no message")
    write(("FAIL %s\n     %s\n"):format(handler.getFullName(element), (text:gsub("\n", "\n     "))))
    return nil, true
  end

  function handler.ended(element, _, status)
    if status == "success" then
      write(("ok   %s (%.2f s)\n"):format(handler.getFullName(element), element.duration or 0))
    elseif status == "pending" then
      write(("skip %s\n"):format(handler.getFullName(element)))
    end
    return nil, true
  end

  function handler.closing()
    local passed, skipped = handler.successesCount, handler.pendingsCount
    local failed = handler.failuresCount + handler.errorsCount
    if passed + failed == 0 then
      failed = 1
      write "FAIL there was no test\n"
    end
    write(("%d passed, %d failed%s\n"):format(passed, failed, skipped > 0 and (", %d skipped"):format(skipped) or ""))
    if failed > 0 then os.exit(1) end
    return nil, true
  end

  busted.subscribe({ "test", "end" }, handler.ended, { priority = 2 })
  busted.subscribe({ "failure" }, wrong, { priority = 2 })
  busted.subscribe({ "error" }, wrong, { priority = 2 })
  busted.subscribe({ "exit" }, handler.closing)
  return handler
end
