-- plateia.bundle: bundle "adapters/x/data.json" -> a data file of the script folder, or nil, message, code.

return require("plateia.raw").file
