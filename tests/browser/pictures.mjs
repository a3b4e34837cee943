// pictures: how the page looks, light and dark, on a phone and on a desktop, and that of the operators, into
// docs/screenshots/.
//
//   ./dev pictures

import { mkdir } from "node:fs/promises";
import { DESKTOP, PHONE, launch } from "./browser.mjs";
import { House, pause, until } from "./house.mjs";

const FOLDER = process.argv[2] ?? "docs/screenshots";

const RACE = [["The Godfather", 31], ["Central do Brasil", 27], ["Spirited Away", 22], ["Singin' in the Rain", 15],
  ["Pulp Fiction", 11], ["Casablanca", 8], ["Amadeus", 6], ["Taxi Driver", 4], ["Fargo", 3], ["Toy Story", 1]];

const PICTURES = [
  { name: "desktop-dark", viewport: DESKTOP, deviceScaleFactor: 0.75, colorScheme: "dark", locale: "en-GB" },
  { name: "desktop-light", viewport: DESKTOP, deviceScaleFactor: 0.75, colorScheme: "light", locale: "pt-BR" },
  { name: "phone-dark", viewport: PHONE, colorScheme: "dark", locale: "pt-BR" },
  { name: "phone-light", viewport: PHONE, colorScheme: "light", locale: "en-GB" },
];

async function signIn(page, name) {
  await page.click("#sign-in");
  await page.fill("#username", name);
  await page.fill("#password", "a long password");
  await page.click("#account-send");
  await page.waitForSelector("#sign-out:visible");
}

async function take(browser, house, { name, ...options }, index) {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(house.url);
  await page.waitForSelector("#state[data-state='live']");
  await house.signUp(`Ana${index}`);
  await signIn(page, `Ana${index}`);
  await page.click("#race li:nth-child(2) .vote");
  await page.waitForSelector(".ticket.used");
  await page.fill("#find", "star");
  await page.waitForSelector("#found li");
  await page.waitForSelector("#notice.shown", { state: "hidden" });
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
  });
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
  await context.close();
}

// ---- the operators' page, while the house is full ----

const OPERATORS = [
  { name: "operator-dark", colorScheme: "dark", locale: "en-GB" },
  { name: "operator-light", colorScheme: "light", locale: "pt-BR" },
];
const BOOTH = { viewport: { width: 1280, height: 1240 }, deviceScaleFactor: 0.75, reducedMotion: "reduce" };
const WATCHED_MS = 100000;

const PIGEON = `return {
  name = "pigeon",
  check = function() return true end,
  send = function() return nil, "no such bird", "dead" end,
}
`;

const BROKEN = `local route = require "plateia.route"

retrun route.get "/extra" {}
`;

// People come and go until the end: in waves, so that there is something to see.
async function fill(house, tokens, end) {
  const films = Array.from({ length: 40 }, (_, index) => index + 1);
  const any = (list) => list[Math.floor(Math.random() * list.length)];
  const visit = () => any([
    () => house.ask("GET", "/movies/top?period=current"), () => house.ask("GET", "/movies/top?period=current"),
    () => house.ask("GET", `/movies/${any(films)}`), () => house.ask("GET", "/movies?limit=20"),
    () => house.ask("GET", "/movies/999999"), () => house.ask("GET", "/me/votes", { token: any(tokens) }),
    () => house.vote(any(films)),
  ])();
  for (let turn = 0; Date.now() < end; turn++) {
    const wave = 12 + Math.round(8 * Math.sin(turn / 60));
    await Promise.all(Array.from({ length: wave }, visit));
    await pause(40);
  }
}

async function takeOperators(browser, house) {
  await house.writeScript("notifications/pigeon.lua", PIGEON);
  await until("the channel is there", async () =>
    (await fetch(`${house.url}/openapi.json`).then((answer) => answer.text())).includes("pigeon"));
  const tokens = [];
  for (let i = 0; i < 40; i++) tokens.push(await house.signUp(`Zoe${i}`, { notify_by: i < 3 ? "pigeon" : "none" }));
  const pages = [];
  for (const { name, ...options } of OPERATORS) {
    const page = await (await browser.newContext({ ...options, ...BOOTH })).newPage();
    // As of a server that runs where its scripts are.
    await page.route("**/scripts", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(`${house.folder}/`, "") });
    });
    await page.goto(house.adminUrl);
    pages.push({ name, page });
  }
  const watching = new AbortController();
  const seats = []; // what nobody holds is closed
  for (let i = 0; i < 14; i++) seats.push(await fetch(`${house.url}/movies/top/stream`, { signal: watching.signal }));
  await fill(house, tokens, Date.now() + WATCHED_MS);
  await house.writeScript("routes/extra.lua", BROKEN);
  for (const { name, page } of pages) {
    await page.waitForSelector("#refused:not(.over)");
    await page.bringToFront();
    await page.screenshot({ path: `${FOLDER}/${name}.png` });
    await page.context().close();
  }
  watching.abort();
}

await mkdir(FOLDER, { recursive: true });
const house = await House.build();
const browser = await launch();
try {
  for (const [title, votes] of RACE) await house.vote((await house.film(title)).id, votes);
  for (const [index, picture] of PICTURES.entries()) await take(browser, house, picture, index);
  await takeOperators(browser, house);
} finally {
  await browser.close();
  await house.tearDown();
}
