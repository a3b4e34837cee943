// operator: what operators do with their page, which is at / of the listener that is theirs.

import { PHONE, DESKTOP, complaints } from "./browser.mjs";
import { equal, house, it, visit } from "./cases.mjs";
import { House, pause, until } from "./house.mjs";

const TOKEN = "0123456789abcdef0123456789abcdef";

const CHANNEL = (body) => `return {
  name = "pigeon",
  check = function() return true end,
  send = function(message)
    ${body}
  end,
}
`;

const FAILING = `local route, field = require "plateia.route", require "plateia.field"
return route.get "/of_this_test" {
  answers = { [200] = field.object { fine = field.boolean {} } },
  handler = function() error "always" end,
}
`;

const BROKEN = `local route = require "plateia.route"
return route.get "/broken" {
`;

const COUNTING = `local metrics = require "plateia.metrics"
local tickets = metrics.counter("tickets_total", "Tickets, by colour.", { "colour" })
local queue = metrics.gauge("queue_length", "Who stands in line.")
return { every = 1, run = function()
  tickets:add(5, "green")
  queue:set(7)
end }
`;

const number = async (page, selector) => Number((await page.textContent(selector)).replace(/[^\d.]/g, "") || NaN);
const generation = (page) => number(page, "#generation");
const reads = (page, selector, words) => page.waitForSelector(`${selector}:has-text("${words}")`);
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const settled = (page) => page.waitForSelector("body:not([aria-busy])");

let edits = 0;

async function open(test, options = {}) {
  const page = await visit(test, { url: house.adminUrl, ...options });
  await settled(page);
  return page;
}

// Saves something new, and waits for it to be served.
async function edit(page) {
  const before = await generation(page);
  await house.writeScript("lib/of_this_test.lua", `return { edit = ${++edits} }\n`);
  await until("the edit is on the page", async () => (await generation(page)) > before);
  return generation(page);
}

// Other scripts for as long as fn runs.
async function withScript(path, text, fn) {
  await house.writeScript(path, text);
  try {
    await fn();
  } finally {
    await house.removeScript(path);
  }
}

it("operator: a saved edit is on the page by itself, and what served before is a reel", async (test) => {
  const page = await open(test);
  const before = await generation(page);
  const now = await edit(page);
  equal(now, before + 1, "the generation");
  await reads(page, "#served-since", "saved");
  equal(await page.textContent("#history li:first-child .when"), "on the screen");
  await page.waitForSelector(`#history button[aria-label="Roll back to generation ${before}"]`);
});

it("operator: a broken edit is told with file and line, and nothing changes", async (test) => {
  const page = await open(test);
  const before = await edit(page);
  await withScript("routes/broken.lua", BROKEN, async () => {
    await reads(page, "#refused:not(.over) #refused-place", "routes/broken.lua:");
    equal(/routes\/broken\.lua:\d+$/.test(await page.textContent("#refused-place")), true, "file:line");
    equal((await page.textContent("#refused-reason")).length > 5, true, "the reason");
    await page.click("#dry-run");
    await reads(page, "#order.bad", "broken.lua:");
    await page.click("#reload");
    await reads(page, "#order.bad", "Refused, nothing was changed");
    equal(await generation(page), before, "the generation");
  });
  await edit(page);
  await page.waitForSelector("#refused.over");
  await reads(page, "#refused-when", "mended since");
});

it("operator: a dry run changes nothing, a reload reads them anew", async (test) => {
  const page = await open(test);
  const before = await generation(page);
  await page.click("#dry-run");
  await reads(page, "#order:not(.bad)", "All is fine");
  equal(await generation(page), before, "after the dry run");
  await page.click("#reload");
  await reads(page, "#order:not(.bad)", " serves, after ");
  await until("it serves", async () => (await generation(page)) >= before);
});

it("operator: what served before serves again, once that is confirmed", async (test) => {
  const page = await open(test);
  await edit(page);
  const now = await edit(page);
  const button = `#history button[aria-label="Roll back to generation ${now - 1}"]`;
  await page.click(button);
  await page.keyboard.press("Escape");
  await page.click(button);
  await page.click("#confirm-no");
  await pause(300);
  equal(await generation(page), now, "not confirmed");
  await page.click(button);
  equal(await page.textContent("#confirm-title"), `Roll back to generation ${now - 1}`);
  await page.click("#confirm-yes");
  await reads(page, "#order:not(.bad)", `Generation ${now + 1} serves`);
  await until("it serves", async () => (await generation(page)) === now + 1);
  await reads(page, "#served-since", "rolled back");
});

// Asks and asks until fn is done.
async function underLoad(fn) {
  let done = false;
  const busy = (async () => {
    while (!done) {
      await Promise.all([house.ask("GET", "/movies?limit=2"), house.ask("GET", "/movies/999999"),
        fetch(`${house.url}/of_this_test`)]);
      await pause(20);
    }
  })();
  try {
    await fn();
  } finally {
    done = true;
    await busy;
  }
}

const row = (route) => `#routes tr[data-route="GET ${route}"]`;

async function lookAtRates(page) {
  await until("the rates are there", async () =>
    (await page.$(row("/of_this_test"))) && (await number(page, `${row("/movies")} .rate`)) > 1 &&
    (await number(page, `${row("/movies/{id}")} .denied`)) > 1 &&
    (await number(page, `${row("/of_this_test")}.bad .failed`)) > 1, 18000);
  equal(/\d\s(µs|ms|s)$/.test(await page.textContent(`${row("/movies")} .p50`)), true, "p50");
  equal(/\d\s(µs|ms|s)$/.test(await page.textContent(`${row("/movies")} .p99`)), true, "p99");
  equal((await page.getAttribute(`${row("/movies")} .spark .line`, "d")).length > 5, true, "a line");
  equal((await number(page, ".tile[data-name=requests] dd")) > 3, true, "in all");
  equal((await number(page, ".tile.bad[data-name=failures] dd")) > 1, true, "failures");
}

it("operator: requests show on their route's row: how many, how fast, and what goes wrong", async (test) => {
  await withScript("routes/of_this_test.lua", FAILING, async () => {
    await until("it is served", async () => (await fetch(`${house.url}/of_this_test`)).status === 500);
    const page = await open(test);
    await underLoad(async () => {
      await lookAtRates(page);
      await page.focus("#routes thead button[data-by=rate]");
      await page.keyboard.press("Enter");
      equal(await page.getAttribute("#routes th:has(button[data-by=rate])", "aria-sort"), "descending");
      const rates = await page.$$eval("#routes-body .rate", (cells) => cells.map((cell) => Number(cell.textContent)));
      equal(rates.every((rate, index) => index === 0 || !(rates[index - 1] < rate)), true, `sorted: ${rates}`);
    });
  });
});

it("operator: shows the pool, the cache, the scripts' memory and the process", async (test) => {
  const page = await open(test);
  await until("there are numbers", async () => (await number(page, ".tile[data-name=memory] dd")) > 1);
  equal(await page.isVisible("#no-numbers"), false);
  for (const name of ["Reads", "Batches", "Leases"]) await reads(page, "#pool li b", name);
  await reads(page, "#pool .free", "free");
  await reads(page, "#cache-figures dt", "Answers kept");
  await reads(page, "#health-figures dt", "Lua of worker 0");
  await reads(page, "#streams-figures dt", "Watching");
  await reads(page, "#build", "Plateia ");
  await reads(page, "#uptime", "up for");
});

it("operator: what a script counts shows by itself", async (test) => {
  const page = await open(test);
  equal(await page.isVisible("#own"), false, "before");
  await withScript("observers/of_this_test.lua", COUNTING, async () => {
    await page.waitForSelector("#own-figures .figure:has-text('tickets_total: green'):has(dd:text-matches('^[1-9][0-9.]*/s$'))");
    await page.waitForSelector("#own-figures .figure:has-text('queue_length') dd:text-is('7')");
  });
  await page.waitForSelector("#own", { state: "hidden" });
});

it("operator: a notification that was given up is sent again", async (test) => {
  const { id } = await house.film("Amadeus");
  const names = ["Nina", "Olga", "Pia"];
  const row = (name) => `#outbox-body tr:has(.whom:text-is("${name}"))`;
  await withScript("notifications/pigeon.lua", CHANNEL('return nil, "no such bird", "dead"'), async () => {
    const page = await open(test);
    await until("the channel is there", async () =>
      (await fetch(`${house.url}/openapi.json`).then((answer) => answer.text())).includes("pigeon"));
    for (const name of names) {
      const token = await house.signUp(name, { notify_by: "pigeon" });
      equal((await house.ask("POST", `/vote/${id}`, { token })).status, 201, "the vote");
    }
    for (const name of names)
      await page.waitForSelector(`${row(name)}:has(.badge[data-state="dead"]):has-text("no such bird")`);
    equal(await page.isVisible("#outbox-none"), false);
    equal((await complaints(page)).join("\n"), "", "with what was given up");

    const before = await generation(page);
    await house.writeScript("notifications/pigeon.lua", CHANNEL("return true"));
    await until("the channel works", async () => (await generation(page)) > before);
    await page.click(`${row("Nina")} button`);
    await page.waitForSelector("#notice.shown:has-text('1 is due now')");
    await page.waitForSelector(row("Nina"), { state: "detached" });
    equal(await page.isVisible(row("Olga")), true, "the others");
    await page.click("#send-all");
    await page.click("#confirm-yes");
    await page.waitForSelector("#notice.shown:has-text('2 are due now')");
    await page.waitForSelector("#outbox-none:visible");
  });
});

it("operator: a server that is away is told, asked again, and found again", async (test) => {
  const page = await open(test);
  await page.waitForSelector("#state[data-state=live]");
  await house.close();
  await page.waitForSelector("#state[data-state=away]:has-text('No answer since')");
  equal(await page.isVisible("#history li"), true, "what was known stays");
  await page.click("#reload");
  await reads(page, "#order.bad", "No answer came");
  await house.open();
  await page.waitForSelector("#state[data-state=live]");
  await page.waitForSelector("#notice.shown:has-text('answers again')");
  equal(await generation(page), 1, "a new process counts anew");
});

it("operator: a page that nobody sees asks for nothing", async (test) => {
  const page = await open(test);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  await page.waitForSelector("#state[data-state=paused]");
  await pause(500); // what was under way ends
  let asked = 0;
  page.on("request", () => asked++);
  await pause(4500);
  equal(asked, 0, "questions");
  await hide(false);
  await page.waitForSelector("#state[data-state=live]");
  equal(asked > 0, true, "asked again");
});

it("operator: the token is asked for once, and kept until the tab is closed", async (test) => {
  const guarded = await House.build({ PLATEIA_ADMIN_TOKEN: TOKEN });
  try {
    const page = await visit(test, { url: guarded.adminUrl });
    await page.waitForSelector("#token[open]");
    await page.keyboard.press("Escape");
    equal(await page.isVisible("#token"), true, "it stays");
    for (const wrong of ["a wrong one, with blanks", "0123456789abcdef0123456789abcdeX"]) {
      await page.fill("#token-field", wrong);
      await page.keyboard.press("Enter");
      await reads(page, "#token-wrong", "does not take this token");
    }
    equal((await complaints(page)).join("\n"), "", "with the dialog");
    await page.fill("#token-field", TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#token", { state: "hidden" });
    await reads(page, "#generation", "1");
    await page.click("#dry-run");
    await reads(page, "#order:not(.bad)", "All is fine");
    await page.reload();
    await reads(page, "#generation", "1");
    equal(await page.isVisible("#token"), false, "after a reload");
    const other = await visit(test, { url: guarded.adminUrl });
    await other.waitForSelector("#token[open]");
  } finally {
    await guarded.tearDown();
  }
});

it("operator: speaks Portuguese", async (test) => {
  const page = await open(test, { locale: "pt-BR" });
  equal(await page.textContent("#reel-title"), "Na tela");
  await reads(page, "#history .when", "na tela");
  await page.click(".languages a[lang=en]");
  await reads(page, "#reel-title", "On the screen");
});

it("operator: everything is reached and done by keyboard", async (test) => {
  const page = await open(test);
  const now = await edit(page);
  const focused = () => page.evaluate(() => {
    const { id, ariaLabel, className } = document.activeElement;
    return id || ariaLabel || className;
  });
  const way = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    way.push(await focused());
  }
  for (const stop of ["skip", "reload", "dry-run", `Roll back to generation ${now - 1}`])
    equal(way.includes(stop), true, `${stop} in ${way.join(", ")}`);
  await page.focus(`#history button[aria-label="Roll back to generation ${now - 1}"]`);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#confirm[open]");
  equal(await focused(), "confirm-no", "what is harmless has the focus");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#confirm", { state: "hidden" });
  equal(await focused(), `Roll back to generation ${now - 1}`, "the focus is back");
});

for (const [name, viewport, colorScheme] of [["a desktop, light", DESKTOP, "light"], ["a desktop, dark", DESKTOP, "dark"],
  ["a phone, light", PHONE, "light"], ["a phone, dark", PHONE, "dark"]]) {
  it(`operator: nothing keeps anybody out, on ${name}`, async (test) => {
    await house.ask("GET", "/movies?limit=1"); // so that there is a row
    const page = await open(test, { viewport, colorScheme, reducedMotion: "reduce" });
    await edit(page);
    await withScript("routes/broken.lua", "return 1 +\n", async () => {
      await page.waitForSelector("#refused:not(.over)");
      await page.click("#dry-run");
      await page.waitForSelector("#order.bad");
      await page.waitForSelector("#routes-body tr");
      equal((await complaints(page)).join("\n"), "", "with a refused edit");
      await page.click("#history button >> visible=true >> nth=0");
      await page.waitForSelector("#confirm[open]");
      equal((await complaints(page)).join("\n"), "", "with a question");
    });
    equal(await fits(page), true, "nothing stands out at the side");
  });
}

it("operator: fits the narrowest of phones", async (test) => {
  await house.ask("GET", "/movies?limit=1");
  const page = await open(test, { viewport: { width: 320, height: 640 }, locale: "pt-BR" });
  await page.waitForSelector("#routes-body tr");
  equal(await fits(page), true, "nothing stands out at the side");
});
