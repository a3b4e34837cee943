-- plateia.cache: the one cache of the process: get, put, abandon, and drop(tag) for every entry that carries it.

return require("plateia.raw").cache
