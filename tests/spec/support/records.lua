-- All records that an adapter brings: an array.

return function(adapter)
  local all = {}
  for records in adapter.pages() do table.move(records, 1, #records, #all + 1, all) end
  return all
end
