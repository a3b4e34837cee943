// browser: Debian's chromium, and what of npm's packages drives it and looks for what people cannot use.
//
// The packages lie in build-browser/ (or PLATEIA_BROWSER), where ./dev puts them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const folder = resolve(process.env.PLATEIA_BROWSER ?? "build-browser");
const require = createRequire(`${folder}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 860 };

export function launch() {
  // Without its sandbox, which root cannot have; it only ever sees our own page.
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--force-color-profile=srgb"] });
}

// What axe-core holds against the page: lines, none when all is well. Animations have to be over. Contrasts are looked at
// without the beam of light and the seats, as it gives none where something lies between a text and the colour behind it; and one that
// it could not look at all the same is a complaint.
export async function complaints(page) {
  await page.evaluate(axe);
  const { violations, incomplete } = await page.evaluate(() => {
    const [sheet] = document.styleSheets;
    sheet.insertRule("body::before, footer::after { display: none }", sheet.cssRules.length);
    return window.axe.run(document, { preload: false, resultTypes: ["violations", "incomplete"] });
  });
  const unseen = incomplete.filter((rule) => rule.id === "color-contrast");
  return [...violations, ...unseen].flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`));
}
