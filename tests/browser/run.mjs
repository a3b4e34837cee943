// run: what people do with the pages, in a real browser, against a real server. Ends with "N passed, N failed". Here is the
// page at /; the others have files of their own.
//
//   PLATEIA_BINARY=build-asan/plateia node tests/browser/run.mjs [WORDS OF A CASE'S NAME]

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DESKTOP, PHONE, complaints } from "./browser.mjs";
import { browser, equal, house, it, main, newName, visit } from "./cases.mjs";
import { until } from "./house.mjs";
import "./docs.mjs";
import "./openapi.mjs";
import "./numbers.mjs";
import "./operator.mjs";

const WEIGHT_MOST = 60 * 1024;

// --- what a person does ------------------------------------------------------------------------------------

async function fillAccount(page, name, password = "a long password") {
  await page.fill("#username", name);
  await page.fill("#password", password);
  await page.click("#account-send");
}

async function signUp(page, name) {
  await page.click("#sign-in");
  await page.click("#account-other");
  await fillAccount(page, name);
  await page.waitForSelector("#sign-out:visible");
}

const row = (film) => `#race li[data-id="${film.id}"]`;
const notice = (page, words) => page.waitForSelector(`#notice.shown:has-text("${words}")`);
const order = (page) => page.$$eval("#race li[data-id]", (rows) => rows.map((each) => Number(each.dataset.id)));
const state = (page) => page.getAttribute("#state", "data-state");
const votesOf = async (page, film) => Number.parseInt(await page.textContent(`${row(film)} .votes`), 10);
const connected = (page) => until("the page is connected", async () => ["live", "polling"].includes(await state(page)));

async function findAndVote(page, film) {
  await page.fill("#find", film.title);
  await page.click(`#found li:has(b:text-is("${film.title}")) .vote`);
}

// --- the cases ---------------------------------------------------------------------------------------------

it("signs up, votes with one click, and is refused a second vote, with the day of the next", async (test) => {
  const [first, second] = [await house.film("Casablanca"), await house.film("Fargo")];
  const page = await visit(test);
  await signUp(page, newName());
  await findAndVote(page, first);
  await notice(page, "Your vote for Casablanca is counted");
  await page.waitForSelector(".ticket.used #ticket-film:has-text('Casablanca')");
  await page.waitForSelector("#past-votes li:has-text('Casablanca')");
  await page.waitForSelector(row(first));
  await findAndVote(page, second);
  await notice(page, "You have voted this month. You can vote again on");
  const next = new Date();
  const again = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 1));
  const words = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", timeZone: "UTC" }).format(again);
  equal((await page.textContent("#ticket-again")).includes(words), true, `the ticket says ${words}`);
});

it("signs in, after a wrong password; the session outlives a reload and ends with signing out", async (test) => {
  const name = newName();
  await house.signUp(name);
  const page = await visit(test);
  await page.click("#sign-in");
  await fillAccount(page, name, "another password");
  await page.waitForSelector("#account-wrong:has-text('do not belong together')");
  equal(await page.getAttribute("#password", "aria-invalid"), "true", "the field that is wrong");
  await fillAccount(page, name);
  await page.waitForSelector("#sign-out:visible");
  equal(await page.isVisible("#account"), false, "the dialog");
  await page.reload();
  await page.waitForSelector(`#who-name:has-text("${name}")`);
  await page.click("#sign-out");
  await page.reload();
  equal(await page.isVisible("#sign-in"), true, "after signing out");
});

it("says what is wrong with a new account, in the page's language", async (test) => {
  const name = newName();
  await house.signUp(name);
  const page = await visit(test, { locale: "pt-BR" });
  await page.click("#sign-in");
  await page.click("#account-other");
  await fillAccount(page, "ab");
  await page.waitForSelector("#account-wrong:has-text('de 3 a 32 caracteres')");
  await fillAccount(page, "a b c d");
  await page.waitForSelector("#account-wrong:has-text('sem espaços')");
  await fillAccount(page, name, "short");
  await page.waitForSelector("#account-wrong:has-text('de 8 a 128 caracteres')");
  await fillAccount(page, name);
  await page.waitForSelector("#account-wrong:has-text('Alguém já usa este nome')");
});

it("lets who is not signed in do so on the way, and then counts the vote that was clicked", async (test) => {
  const film = await house.film("Amadeus");
  await house.vote(film.id);
  const name = newName();
  await house.signUp(name);
  const page = await visit(test);
  await page.click(`${row(film)} .vote`);
  equal(await page.textContent("#account-why"), "Then your vote goes to Amadeus.");
  await fillAccount(page, name);
  await notice(page, "Your vote for Amadeus is counted");
});

it("asks to sign in again where the token is good no more, and then votes", async (test) => {
  const film = await house.film("Taxi Driver");
  await house.vote(film.id);
  const name = newName();
  const page = await visit(test);
  await signUp(page, name);
  await page.evaluate(() => {
    const kept = JSON.parse(sessionStorage.getItem("plateia.session"));
    sessionStorage.setItem("plateia.session", JSON.stringify({ ...kept, token: `${kept.token}x` }));
  });
  await page.reload(); // the server says 401 to the question for one's votes
  await page.waitForSelector("#sign-in:visible");
  await page.click(`${row(film)} .vote`);
  await fillAccount(page, name);
  await notice(page, "Your vote for Taxi Driver is counted");
  await page.evaluate(() => {
    const kept = JSON.parse(sessionStorage.getItem("plateia.session"));
    sessionStorage.setItem("plateia.session", JSON.stringify({ ...kept, until: Date.now() - 1 }));
  });
  await page.reload();
  await page.click(`${row(film)} .vote`);
  await page.waitForSelector("#account-why:has-text('Your hour is up')");
});

it("moves the bars in a second browser, which glide to their places", async (test) => {
  const [ahead, behind] = [await house.film("Pulp Fiction"), await house.film("Toy Story")];
  await house.vote(ahead.id, 4);
  await house.vote(behind.id, 3);
  const page = await visit(test);
  await until("both are in the race", async () => (await order(page)).includes(behind.id));
  const before = await order(page);
  equal(before.indexOf(ahead.id) < before.indexOf(behind.id), true, "who is ahead");
  await page.evaluate((selector) => {
    window.glided = 0;
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (frames, options) {
      if (this.matches(selector) && frames[0].transform) window.glided++;
      return animate.call(this, frames, options);
    };
  }, row(behind));
  await page.focus(`${row(ahead)} .vote`);
  await house.vote(behind.id, 2);
  await until("one has overtaken the other", async () => {
    const now = await order(page);
    return now.indexOf(behind.id) < now.indexOf(ahead.id);
  });
  equal(await votesOf(page, behind), 5, "votes");
  equal(await page.evaluate(() => window.glided) > 0, true, "it glided");
  equal(await page.evaluate((selector) => document.activeElement.matches(selector), `${row(ahead)} .vote`), true,
    "the focus stayed");
});

it("keeps still for those who want less motion", async (test) => {
  const film = await house.film("Pulp Fiction");
  await house.vote(film.id);
  const page = await visit(test, { reducedMotion: "reduce" });
  await page.waitForSelector(row(film));
  await page.evaluate(() => {
    window.moved = 0;
    Element.prototype.animate = () => window.moved++;
  });
  const before = await votesOf(page, film);
  await house.vote(film.id);
  await until("the vote is seen", async () => (await votesOf(page, film)) > before);
  equal(await page.evaluate(() => window.moved), 0, "animations");
});

it("recovers by itself when the server was restarted", async (test) => {
  const film = await house.film("Pulp Fiction");
  await house.vote(film.id);
  const page = await visit(test);
  await connected(page);
  await page.waitForSelector(row(film));
  const before = await votesOf(page, film);
  await house.close();
  await until("it says that it reconnects", async () => (await state(page)) === "reconnecting");
  await house.open();
  await connected(page);
  await house.vote(film.id);
  await until("the vote is seen", async () => (await votesOf(page, film)) === before + 1);
});

it("keeps its stream while the observer that words the frames is edited", async (test) => {
  const film = await house.film("Pulp Fiction");
  await house.vote(film.id);
  const page = await visit(test);
  await until("the stream is open", async () => (await state(page)) === "live");
  await page.waitForSelector(row(film));
  let streams = 0;
  page.on("request", (request) => request.url().endsWith("/stream") && streams++);
  const observer = "observers/ranking_stream.lua";
  const before = await house.readScript(observer);
  const edited = before.replace("local race = assert(ranking.race(20))",
    "$&\n  for _, each in ipairs(race.items) do each.title = \"*\" .. each.title .. \"*\" end");
  equal(edited === before, false, "the observer is what this case believes");
  await writeFile(join(house.scripts, observer), edited);
  await house.vote(film.id);
  await page.waitForSelector(`${row(film)} .name:has-text("*Pulp Fiction*")`);
  await writeFile(join(house.scripts, observer), before);
  await house.vote(film.id);
  await page.waitForSelector(`${row(film)} .name b:text-is("Pulp Fiction")`);
  equal(streams, 0, "streams opened anew");
  equal(await state(page), "live");
});

it("asks every few seconds where there is no stream", async (test) => {
  const film = await house.film("Pulp Fiction");
  await house.vote(film.id);
  const context = await browser.newContext({ locale: "en-GB" });
  (test.contexts ??= []).push(context);
  const page = await context.newPage();
  await page.route(/stream$/, (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(house.url);
  await page.waitForSelector("#state[data-state='polling']");
  const before = await votesOf(page, film);
  await house.vote(film.id);
  await until("the vote is seen", async () => (await votesOf(page, film)) === before + 1);
});

it("paints its shell, in its language, before the API has said a word", async (test) => {
  const context = await browser.newContext({ locale: "pt-BR" });
  (test.contexts ??= []).push(context);
  const page = await context.newPage();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/\/(movies|me)/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await page.goto(house.url);
  equal(await page.textContent("h1"), "A plateia decide.");
  equal(await page.getAttribute("html", "lang"), "pt-BR");
  const painted = await until("the first paint", () =>
    page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
  equal(painted > 0, true, "painted");
  equal(await page.$$eval("#race li[data-id]", (rows) => rows.length), 0, "films of an API that has not answered");
  equal(await page.isVisible("#race .waiting"), true, "seats that wait");
  release();
  await page.waitForSelector("#race li[data-id]");
});

it("weighs 60 KB at most, all of it from here, and nothing of it twice", async (test) => {
  const context = await browser.newContext();
  (test.contexts ??= []).push(context);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  const urls = [];
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  session.on("Network.responseReceived", (event) => urls.push(event.response.url));
  await page.goto(house.url, { waitUntil: "load" });
  await page.waitForSelector("#race li[data-id]");
  console.log(`     ${bytes} bytes in ${urls.length} answers`);
  equal(bytes > 5000 && bytes <= WEIGHT_MOST, true, `${bytes} bytes`);
  equal(urls.filter((url) => !url.startsWith(house.url)).join(), "", "from elsewhere");
  equal(new Set(urls).size, urls.length, "asked for twice");
  urls.length = 0;
  await page.goto(house.url, { waitUntil: "load" });
  const again = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter((entry) => entry.name.includes("/assets/") && entry.transferSize > 0).map((entry) => entry.name));
  equal(again.join(), "", "files asked for again");
});

it("has no complaint of axe-core, light and dark, on phone and desktop, with its dialog and its ticket", async (test) => {
  const film = await house.film("Casablanca");
  await house.vote(film.id);
  async function look(colorScheme, viewport) {
    const page = await visit(test, { colorScheme, viewport, reducedMotion: "reduce", locale: "pt-BR" });
    await page.waitForSelector(row(film));
    const found = [...(await complaints(page))];
    await page.click("#sign-in");
    await page.click("#account-other");
    await fillAccount(page, "a");
    await page.waitForSelector("#account-wrong:not(:empty)");
    found.push(...(await complaints(page)));
    await fillAccount(page, newName());
    await page.waitForSelector("#sign-out:visible");
    await findAndVote(page, film);
    await page.waitForSelector(".ticket.used");
    found.push(...(await complaints(page)));
    equal(found.join("\n"), "", `${colorScheme}, ${viewport.width} px`);
    equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "as wide as the screen");
  }
  await Promise.all(["dark", "light"].flatMap((scheme) => [look(scheme, PHONE), look(scheme, DESKTOP)]));
});

it("is used with the keyboard alone", async (test) => {
  const film = await house.film("Casablanca");
  await house.vote(film.id);
  const name = newName();
  await house.signUp(name);
  const page = await visit(test);
  await page.waitForSelector(row(film));
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className);
  await page.keyboard.press("Tab");
  equal(await focused(), "skip");
  await page.keyboard.press("Enter");
  equal(await focused(), "race", "the skip link leads to the race");
  await page.keyboard.press("Tab");
  equal(await focused(), "vote");
  await page.keyboard.press("Enter");
  equal(await focused(), "username", "the dialog");
  await page.keyboard.press("Escape");
  equal(await focused(), "vote", "closed, back where one was");
  await page.keyboard.press("Enter");
  equal(await focused(), "username", "the dialog, again");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type("a long password");
  await page.keyboard.press("Enter");
  await notice(page, "is counted");
  equal(await focused(), "vote", "voted, back where one was");
});

it("speaks the language that is chosen on the page, and stays signed in", async (test) => {
  const page = await visit(test);
  const name = newName();
  await signUp(page, name);
  await page.click(".languages a[lang='pt-BR']");
  equal(await page.textContent("h1"), "A plateia decide.");
  await page.waitForSelector(`#who-name:has-text("${name}")`);
  equal(await page.getAttribute(".languages a[lang='pt-BR']", "aria-current"), "true");
  await page.click(".languages a[lang='en']");
  equal(await page.textContent("h1"), "The house decides.");
});

await main(process.argv[2] ?? "");
