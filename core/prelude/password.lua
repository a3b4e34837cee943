-- plateia.password: hash(password) -> encoded; verify(password, encoded or nil) -> matches, better encoding or nil.
-- Both wait for the hashing threads, and may be nil, message, "busy".

return require("plateia.raw").password
