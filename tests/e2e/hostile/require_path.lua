-- A module outside the folder.
-- 500: there is no module "../../etc/passwd" in the script folder
return require "lib.attack"(..., function()
  return require "../../etc/passwd"
end)
