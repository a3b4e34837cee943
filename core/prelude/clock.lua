-- plateia.clock: now() and monotonic() in seconds, rfc3339(seconds) as text.

return require("plateia.raw").clock
