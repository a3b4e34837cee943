std = "lua54"
max_line_length = 120

-- What the sandbox gives a script, and no more.
stds.sandbox = {
  read_globals = {
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "print", "require", "select",
    "setmetatable", "tonumber", "tostring", "type", "_VERSION",
    math = { other_fields = true },
    os = { fields = { "clock", "date", "time" } },
    string = { other_fields = true },
    table = { other_fields = true },
    utf8 = { other_fields = true },
  },
}

files["scripts"] = { std = "sandbox" }
files["docs"] = { std = "sandbox" }
files["docs/reference.lua"] = { std = "lua54" }
files["tests/spec"] = { std = "lua54+busted" }
-- Declarations without bodies: what they take is not used, what they say may be long.
files["core/reference"] = { globals = { "os", "require" }, ignore = { "212", "241", "631" } }

-- Those of `plateia test` are scripts that have busted's words.
for _, specs in ipairs { "scripts/**/*_spec.lua", "docs/**/*_spec.lua" } do
  files[specs] = { std = "sandbox+busted" }
end
