-- plateia.crypto: random(bytes) and sha256(text), both as hexadecimal text.

return require("plateia.raw").crypto
