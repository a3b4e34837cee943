local format = require "plateia.format"

describe("format.email", function()
  for _, text in ipairs { "ana@example.org", "a.b+c@sub.example.co.uk", "x_1@ex-ample.com", "ção@example.org" } do
    it("takes " .. text, function() assert.is_true((format.email(text))) end)
  end

  for _, text in ipairs { "", "ana", "@example.org", "ana@", "ana@localhost", "ana@@example.org", "a b@example.org",
    "ana@example..org", ".ana@example.org", "ana.@example.org", "ana@-example.org", "ana@example.org-",
    "ana@.example.org", "<ana@example.org>", "ana@example.org\n", "a,b@example.org",
    ("a"):rep(65) .. "@example.org", "a@" .. ("b"):rep(250) .. ".org" } do
    it(("refuses %q"):format(text:sub(1, 30)), function() assert.is_false((format.email(text))) end)
  end
end)

describe("format.phone", function()
  it("takes international numbers only", function()
    assert.is_true((format.phone "+5511987654321"))
    for _, text in ipairs { "", "5511987654321", "+0511987654", "+55 11 98765", "+1234567", "+1234567890123456" } do
      assert.is_false((format.phone(text)), text)
    end
  end)
end)
