// cases: what the tests in a browser have in common: a server, a browser, cases by name, and who runs them.

import { DESKTOP, launch } from "./browser.mjs";
import { House } from "./house.mjs";

const CASE_MS = 40000;

export let browser; // once main has them
export let house;

const cases = [];
export const it = (name, fn) => cases.push({ name, fn });

export function equal(got, expected, what = "") {
  if (got !== expected) throw new Error(`${what}: ${JSON.stringify(got)} is not ${JSON.stringify(expected)}`);
}

let guests = 0;
export const newName = () => `visitor${++guests}`;

// A browser of one's own, and the page in it. Errors of the page's scripts, and whatever the policy forbids, fail the
// case; that the server cannot be reached does not.
export async function visit(test, { path = "/", url = house.url, ...options } = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, locale: "en-GB", ...options });
  const page = await context.newPage();
  test.errors ??= [];
  test.contexts ??= [];
  test.contexts.push(context);
  page.on("pageerror", (error) => test.errors.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && /Content.Security|Trusted|Refused to/.test(line.text())) test.errors.push(line.text());
  });
  await page.goto(url + path);
  return page;
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function run({ name, fn }) {
  const test = {};
  const began = Date.now();
  try {
    await within(CASE_MS, fn(test));
    equal((test.errors ?? []).join("\n"), "", "errors of the page");
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(2)} s)`);
    return true;
  } catch (error) {
    console.log(`FAIL ${name}\n     ${String(error.stack).replaceAll("\n", "\n     ")}`);
    return false;
  } finally {
    for (const context of test.contexts ?? []) await context.close();
  }
}

async function runAll(words) {
  let passed = 0;
  let failed = 0;
  for (const each of cases.filter((one) => one.name.includes(words))) {
    if (await run(each)) passed++;
    else failed++;
  }
  return { passed, failed };
}

// Runs those with the words in their name, and ends the process. The last line is "N passed, N failed".
export async function main(words) {
  let count = { passed: 0, failed: 1 };
  try {
    house = await House.build();
    browser = await launch();
    count = await runAll(words);
  } catch (error) {
    console.log(`FAIL ${error.stack}`);
  }
  try {
    await browser?.close();
    await house?.tearDown();
  } catch (error) {
    console.log(`FAIL the end: ${error.message}`);
    count.failed++;
  }
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exit(count.failed === 0 && count.passed > 0 ? 0 : 1);
}
