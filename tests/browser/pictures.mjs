// pictures: how the page looks, light and dark, on a phone and on a desktop, into docs/screenshots/.
//
//   ./dev pictures

import { mkdir } from "node:fs/promises";
import { DESKTOP, PHONE, launch } from "./browser.mjs";
import { House } from "./house.mjs";

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

await mkdir(FOLDER, { recursive: true });
const house = await House.build();
const browser = await launch();
try {
  for (const [title, votes] of RACE) await house.vote((await house.film(title)).id, votes);
  for (const [index, picture] of PICTURES.entries()) await take(browser, house, picture, index);
} finally {
  await browser.close();
  await house.tearDown();
}
