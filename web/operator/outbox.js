// outbox: what waits to be sent and what was given up, and an operator's second chance.

import { look, order } from "./api.js";
import { confirm } from "./confirm.js";
import { Rows, byId, cells, element, show, write } from "./dom.js";
import { Figures } from "./figures.js";
import { notice } from "./notice.js";
import { ago, count, date, known, number, say, span, when, whole } from "./words.js";

const figures = new Figures(byId("outbox-figures"));
const EVERY = 3; // looks at the numbers for one into the database
let looks = 0;
let told = null;
let missed = 0;

const rows = new Rows(byId("outbox-body"), ({ key }) => {
  const { standing, what, attempts, why } = cells("standing", "what", "attempts", "why");
  const name = element("b");
  const whom = element("span", { className: "whom" });
  const since = element("span", { className: "when" });
  what.append(name, " ", whom);
  const state = element("span", { className: "badge" });
  standing.append(state, " ", since);
  const button = element("button", { type: "button", className: "quiet small" }, say("send_again"));
  button.addEventListener("click", () => send(key, button));
  const node = element("tr", {}, standing, what, attempts, why, element("td", { className: "do" }, button));
  node.dataset.key = key;
  return { node, name, whom, since, state, attempts, why, button };
});

function fill(row, each) {
  write(row.name, `${each.channel} · ${each.template}`);
  write(row.whom, each.recipient);
  write(row.state, known("state", each.state));
  row.state.dataset.state = each.state;
  write(row.since, each.state === "waiting" ? when(each.since) : ago(each.since));
  row.since.title = date(each.since);
  write(row.attempts, count("attempts", each.attempts));
  write(row.why, each.last_error ?? "");
  row.button.hidden = each.state === "sending" || each.state === "due";
  row.button.setAttribute("aria-label", say("send_again_to", { channel: each.channel, whom: each.recipient }));
}

function drawList({ items, most }) {
  rows.draw(items, fill);
  byId("outbox-table").hidden = items.length === 0;
  byId("outbox-none").hidden = items.length > 0;
  show(byId("outbox-more"), items.length >= most && say("outbox_more", { n: whole(most) }));
  byId("send-all").hidden = !items.some(({ state }) => state === "dead");
}

// Once may be a moment in which others asked: what was known stays, and nothing is said.
export async function refresh() {
  const { status, body } = await look("/outbox");
  if (status === 200) drawList(body);
  missed = status === 200 || status === 0 || status === 401 ? 0 : missed + 1;
  show(byId("outbox-trouble"), missed > 1 ? say("outbox_trouble", { why: body.detail ?? status }) : "");
}

function drawFigures(past) {
  const value = past.value;
  figures.draw([
    { key: "pending", label: say("outbox_pending"), value: whole(value("outbox_pending")) },
    { key: "oldest", label: say("outbox_oldest"), value: span(value("outbox_oldest_seconds")) },
    { key: "dead", label: say("outbox_dead"), value: whole(value("outbox_dead")), bad: value("outbox_dead") > 0 },
    ...past.valuesOf("outbox_attempts_total", "channel").flatMap((channel) =>
      past.valuesOf("outbox_attempts_total", "result", { channel }).map((result) => ({
        key: `${channel} ${result}`,
        label: `${channel}: ${known("sent", result)}`,
        value: say("per_second", { n: number(past.rate("outbox_attempts_total", { channel, result })) }),
      }))),
  ]);
}

// The database is asked where the numbers have changed, and now and then while they say that there is something to see.
// `past`: null where there are no numbers.
export function draw(past) {
  if (past) drawFigures(past);
  const now = past ? `${past.value("outbox_pending")} ${past.value("outbox_dead")}` : told;
  const empty = now === "0 0" && rows.made.size === 0;
  if (now === told && missed === 0 && (empty || ++looks % EVERY > 0)) return;
  told = now;
  refresh();
}

// ---- a second chance ----

async function put(path) {
  const { status, body } = await order(path);
  if (status === 200) notice(count("due_now", body.due));
  else notice(body.detail ?? say(status === 0 ? "order_lost" : "order_failed", { status }));
  await refresh();
  setTimeout(refresh, 1000);
  setTimeout(refresh, 3000);
}

async function send(key, button) {
  if (button.hasAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  await put(`/outbox/retry?key=${encodeURIComponent(key)}`);
  button.removeAttribute("aria-busy");
}

byId("send-all").addEventListener("click", async () => {
  if (await confirm(say("send_all"), say("send_all_means"), say("send_again"))) await put("/outbox/retry?all=1");
});
