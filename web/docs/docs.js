// docs: shows /openapi.json with Swagger UI, which index.html has loaded before this module runs.

import { plain } from "./layout.js";
import { keepMended } from "./mend.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const box = document.getElementById("api");
keepMended(box);

window.SwaggerUIBundle({
  url: "/openapi.json",
  domNode: box,
  layout: "Layout",
  plugins: [plain],
  deepLinking: true, // /docs#/voting/cast_vote opens that one
  syntaxHighlight: { theme: "tomorrow-night" }, // whose colours are all light enough on the dark ground
  validatorUrl: null, // else a badge would be asked for elsewhere
  queryConfigEnabled: false, // else ?url= would show somebody else's API here
});
