local addresses = require "lib.addresses"

describe("a household", function()
  for address, household in pairs {
    ["192.0.2.7"] = "192.0.2.7",
    ["2001:db8::1"] = "2001:db8:0:0",
    ["2001:db8:1:2:3:4:5:6"] = "2001:db8:1:2",
    ["2001:db8:1:2::"] = "2001:db8:1:2",
    ["2001:0:0:4:5::8"] = "2001:0:0:4",
    ["1::4:5:6:7:8"] = "1:0:0:4",
    ["::1"] = "0:0:0:0",
    ["::"] = "0:0:0:0",
    [""] = "",
  } do
    it(("of \"%s\" is \"%s\""):format(address, household), function()
      assert.equal(household, addresses.household(address))
    end)
  end
end)
