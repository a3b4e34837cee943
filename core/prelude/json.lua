-- plateia.json: encode, decode, null, array (marks a table, so that an empty one is []), is_array.

return require("plateia.raw").json
