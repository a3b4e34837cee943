-- plateia.settings: settings "name" -> the text of a setting; nil for an unknown one or a secret.

return require("plateia.raw").settings
