// docs: what people do with the page at /docs.

import { DESKTOP, PHONE, complaints } from "./browser.mjs";
import { equal, house, it, newName, visit } from "./cases.mjs";
import { until } from "./house.mjs";

const VOTE = "#operations-voting-cast_vote";

async function open(test, options) {
  const page = await visit(test, { path: "/docs", reducedMotion: "reduce", ...options });
  await page.waitForSelector(".opblock");
  return page;
}

async function signIn(page, name, password = "a long password") {
  await page.fill("#oauth_username", name);
  await page.fill("#oauth_password", password);
  await page.click(".modal-btn.authorize");
}

async function tryVote(page, film) {
  await page.fill(`${VOTE} .parameters input`, String(film.id));
  await page.click(`${VOTE} .execute`);
}

const answered = (page, status) => page.waitForSelector(`${VOTE} .live-responses-table .response-col_status:has-text("${status}")`);

it("/docs signs in by its Authorize button, votes, sees 201 and then 409, and asks nobody else", async (test) => {
  const [name, film] = [newName(), await house.film("Amadeus")];
  await house.signUp(name);
  const asked = [];
  const page = await visit(test, { path: "/" });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${house.url}/docs`);
  await page.click(".btn.authorize");
  await signIn(page, name, "another password");
  await page.waitForSelector(".auth-container .errors:has-text('Incorrect username or password')");
  await signIn(page, name);
  await page.click(".auth-container .btn-done");
  await page.click(`${VOTE} .opblock-summary-control`);
  await page.click(`${VOTE} .try-out__btn`);
  await tryVote(page, film);
  await answered(page, 201);
  await tryVote(page, film);
  await answered(page, 409);
  await page.waitForSelector(`${VOTE} .live-responses-table .response-col_description:has-text("next_vote_at")`);
  equal(asked.length > 8, true, `what was asked for: ${asked}`);
  equal(asked.filter((url) => !url.startsWith(`${house.url}/`) && !url.startsWith("data:")).join(" "), "", "asked elsewhere");
});

it("/docs opens what its address names, and shows no other description than ours", async (test) => {
  const page = await open(test, { path: "/docs?url=/elsewhere.json#/voting/cast_vote" });
  await page.waitForSelector(`${VOTE}.is-open .try-out__btn`);
  equal((await page.textContent(".info .title")).startsWith("Plateia"), true, "the title");
  await page.click("#operations-films-watch_ranking .opblock-summary-control");
  await page.waitForSelector("#operations-films-watch_ranking .opblock-body");
  equal(await page.isVisible("#operations-films-watch_ranking .try-out__btn"), false, "a stream's end is not waited for");
});

// One operation of each sort, and some schemas.
const OPERATIONS = ["films-list_movies", "films-watch_ranking", "people-sign_up"];

async function lookAtAll(page) {
  const wrong = await complaints(page);
  for (const name of OPERATIONS) await page.click(`#operations-${name} .opblock-summary-control`);
  for (const button of (await page.$$(".json-schema-2020-12-expand-deep-button")).slice(0, 6)) await button.click();
  await page.waitForSelector(`#operations-${OPERATIONS.at(-1)} .responses-table`);
  return [...wrong, ...(await complaints(page))];
}

// What comes up on the way to a vote.
async function lookAtVoting(page, film) {
  const wrong = [];
  const look = async (state) => wrong.push(...(await complaints(page)).map((line) => `${state}: ${line}`));
  await page.click(".btn.authorize");
  await signIn(page, "nobody", "another password");
  await page.waitForSelector(".auth-container .errors");
  await look("refused");
  const name = newName();
  await house.signUp(name);
  await signIn(page, name);
  await page.waitForSelector("button:text-is('Logout')");
  await look("signed in");
  await page.click(".auth-container .btn-done");
  await page.click(`${VOTE} .opblock-summary-control`);
  await page.click(`${VOTE} .try-out__btn`);
  await page.fill(`${VOTE} .parameters input`, "");
  await page.click(`${VOTE} .execute`);
  await page.waitForSelector(`${VOTE} input.invalid`);
  await look("nothing filled in");
  await tryVote(page, film);
  await answered(page, 201);
  await look("voted");
  return wrong;
}

for (const [colorScheme, viewport] of [["light", DESKTOP], ["dark", PHONE]]) {
  it(`/docs has no complaint of axe-core, ${colorScheme}, all of it open`, async (test) => {
    const page = await open(test, { colorScheme, viewport });
    equal((await lookAtAll(page)).join("\n"), "");
    equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing sticks out");
  });

  it(`/docs has no complaint of axe-core, ${colorScheme}, on the way to a vote`, async (test) => {
    const film = await house.film("Fargo");
    equal((await lookAtVoting(await open(test, { colorScheme, viewport }), film)).join("\n"), "");
  });
}

it("/docs follows when the system turns dark", async (test) => {
  const page = await open(test, { colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  await until("it is dark", async () => (await ground()) !== light);
});
