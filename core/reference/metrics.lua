---@meta plateia.metrics

--- What scripts count, shown at GET /metrics of the admin listener beside what the server counts. Metrics are declared while
--- the file loads, and raise where the name is no good. A counter's name ends in `_total`; a unit stands in the name and
--- is a base one (seconds, bytes). Labels are names of few different values each, never of what people typed: beyond 128
--- series of a metric all go into one, "other". The counts are the process's and outlive a reload: who declares a
--- metric as it was goes on counting.
---
--- ```lua
--- local tries = metrics.counter("things_opened_total", "Things that were opened, by how it ended", { "result" })
--- tries:add(1, "well")
--- ```
---@class plateia.metrics
local metrics = {}

--- A number that only rises.
---@class plateia.metrics.Counter
local Counter = {}

--- Adds to it.
---@param value number not negative
---@param ... string|number|boolean a value for each label
function Counter:add(value, ...) end

--- A number that rises and falls.
---@class plateia.metrics.Gauge
local Gauge = {}

--- Adds to it.
---@param value number may be negative
---@param ... string|number|boolean a value for each label
function Gauge:add(value, ...) end

--- Says what it is now.
---@param value number
---@param ... string|number|boolean a value for each label
function Gauge:set(value, ...) end

--- How often values fell below each of its bounds, and their sum.
---@class plateia.metrics.Histogram
local Histogram = {}

--- Adds one value.
---@param value number
---@param ... string|number|boolean a value for each label
function Histogram:add(value, ...) end

--- Declares a counter.
---@param name string ends in _total
---@param help string a sentence that explains it
---@param labels? string[] their names
---@return plateia.metrics.Counter counter
function metrics.counter(name, help, labels) end

--- Declares a gauge.
---@param name string
---@param help string
---@param labels? string[]
---@return plateia.metrics.Gauge gauge
function metrics.gauge(name, help, labels) end

--- Declares a histogram.
---@param name string
---@param help string
---@param labels? string[]
---@param bounds? number[] rising
---@return plateia.metrics.Histogram histogram
function metrics.histogram(name, help, labels, bounds) end

return metrics
