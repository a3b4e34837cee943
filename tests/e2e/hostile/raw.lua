-- The functions behind the prelude.
-- 500: there is no module "plateia.raw"
return require "lib.attack"(..., function()
  return require "plateia.raw"
end)
