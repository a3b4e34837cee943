-- Eight million letters, counted one by one, many times.
-- 503: used more than its
return require "lib.attack"(..., function()
  local text, count = ("\u{e9}"):rep(1000):rep(4000), 0
  while true do
    for _ in utf8.codes(text) do count = count + 1 end
  end
end)
