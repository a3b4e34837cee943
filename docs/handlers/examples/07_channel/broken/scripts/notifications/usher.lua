return {
  name = "Usher",
  check = function() return true end,
  send = function() return true end,
}
