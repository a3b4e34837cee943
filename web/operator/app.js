// app: looks at the server every two seconds, and hands what it sees to the parts of the page. A page that nobody sees
// asks for nothing; a server that does not answer is asked until it does.

import { read } from "./api.js";
import { byId, show, write } from "./dom.js";
import { parse } from "./metrics.js";
import { notice } from "./notice.js";
import * as outbox from "./outbox.js";
import * as panels from "./panels.js";
import { Past } from "./past.js";
import * as pool from "./pool.js";
import * as routes from "./routes.js";
import * as scripts from "./scripts.js";
import { askToken } from "./token.js";
import * as vitals from "./vitals.js";
import { clock, language, say, span } from "./words.js";

const EVERY_MS = 2000;
const past = new Past();
let timer;
let looking = false;
let lost = null; // since when nobody answers

function showState(state, values) {
  const node = byId("state");
  node.dataset.state = state;
  write(node, say(`state_${state}`, values));
  document.body.classList.toggle("stale", state === "away");
}

function drawNumbers(text) {
  past.add(parse(text), performance.now());
  for (const part of [vitals, routes, pool, panels, outbox]) part.draw(past);
  const began = past.value("process_start_time_seconds");
  write(byId("uptime"), Number.isFinite(began) ? say("uptime", { span: span(Date.now() / 1000 - began) }) : "");
}

function found() {
  if (lost) notice(say("found_again"));
  lost = null;
  showState("live");
}

function miss() {
  lost ??= Date.now();
  showState("away", { time: clock(lost) });
}

async function lookOnce() {
  const [state, numbers] = await Promise.all([scripts.ask(), read("/metrics")]);
  if (state.status === 401) {
    await askToken();
    return lookOnce();
  }
  if (state.status === 0 || numbers.status === 0) return miss();
  found();
  if (state.status === 200) scripts.draw(state.body);
  if (numbers.status === 200) drawNumbers(numbers.text);
  else outbox.draw(null);
  show(byId("no-numbers"), numbers.status === 200 ? "" : say("no_numbers", { status: numbers.status }));
}

async function look() {
  clearTimeout(timer);
  if (looking || document.hidden) return;
  looking = true;
  await lookOnce();
  looking = false;
  document.body.removeAttribute("aria-busy");
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, EVERY_MS);
}

for (const link of document.querySelectorAll(".languages a"))
  if (link.lang === language) link.setAttribute("aria-current", "true");

scripts.start(look);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) showState("paused");
  else look();
});
window.addEventListener("online", look);
look();
