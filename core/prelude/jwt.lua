-- plateia.jwt: sign(subject) -> token, expires_in; verify(token) -> { sub, iat, exp } or nil, message, "denied".

return require("plateia.raw").jwt
