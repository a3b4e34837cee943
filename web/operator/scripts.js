// scripts: which generation serves, what was refused, what served before; and an operator's orders about it.

import { look, order } from "./api.js";
import { confirm } from "./confirm.js";
import { Rows, byId, element, show, write } from "./dom.js";
import { notice } from "./notice.js";
import { ago, count, date, known, number, say, whole } from "./words.js";

const HASH_SHOWN = 8;
let served = 0;
let busy = false;
let again = () => {};

// ---- what serves ----

function drawNumber(generation) {
  write(byId("generation"), whole(generation));
  if (served && generation !== served) {
    const leader = byId("leader");
    leader.classList.remove("turning");
    void leader.getBoundingClientRect(); // so that it turns anew
    leader.classList.add("turning");
  }
  served = generation;
}

byId("leader").addEventListener("animationend", (event) => {
  if (event.animationName === "fade") byId("leader").classList.remove("turning");
});

function drawServed(state) {
  const since = byId("served-since");
  write(since, say("served_since", { ago: ago(state.since), by: known("by", state.by) }));
  since.title = date(state.since);
  write(byId("served-what"), say("served_what", {
    files: count("files", state.files.length),
    queries: count("queries", state.queries),
    hash: state.hash.slice(0, HASH_SHOWN),
  }));
  const older = state.older.filter(({ requests }) => requests > 0);
  const words = older.map(({ generation, requests }) => count("older", requests, { generation })).join(" ");
  write(byId("served-older"), words || say("older_none"));
}

// "scripts/x.lua:3: unexpected symbol" -> the place, and the reason without it
function split({ file, line, reason }) {
  const place = file ? `${file}:${line}` : "";
  return { place, reason: reason.startsWith(`${place}:`) && place ? reason.slice(place.length + 1).trim() : reason };
}

function drawRefused(failure, since) {
  const box = byId("refused");
  const over = !failure || failure.at < since;
  box.classList.toggle("over", over);
  byId("refused-none").hidden = Boolean(failure);
  const { place, reason } = failure ? split(failure) : { place: "", reason: "" };
  show(byId("refused-place"), place);
  show(byId("refused-reason"), reason);
  show(byId("refused-when"), failure && say(over ? "refused_over" : "refused_now",
    { ago: ago(failure.at), by: known("by", failure.by) }));
  byId("refused-when").title = failure ? date(failure.at) : "";
}

// ---- what served before ----

const history = new Rows(byId("history"), ({ key }) => {
  const name = element("b", {}, say("generation", { n: whole(key) }));
  const when = element("span", { className: "when" });
  const button = element("button", { type: "button", className: "quiet small" }, say("roll_back"));
  button.setAttribute("aria-label", say("roll_back_to", { n: whole(key) }));
  button.addEventListener("click", () => rollBack(key));
  return { node: element("li", {}, name, when, button), when, button };
});

function drawHistory(state) {
  const items = state.history.map((each) => ({ key: each.generation, ...each }));
  history.draw(items, (row, each) => {
    const here = each.generation === state.generation;
    write(row.when, here ? say("serves_now") : say("served_since", { ago: ago(each.since), by: known("by", each.by) }));
    row.when.title = `${date(each.since)} · ${each.hash.slice(0, HASH_SHOWN)}`;
    row.node.classList.toggle("here", here);
    row.button.hidden = here;
  });
}

export function draw(state) {
  if (!state.generation) return; // none serves yet
  drawNumber(state.generation);
  drawServed(state);
  drawRefused(state.last_failure, state.since);
  drawHistory(state);
}

// ---- orders ----

function tell(text, bad) {
  const line = byId("order");
  line.classList.toggle("bad", bad);
  write(line, text);
}

// What became of it, and whether that is bad.
function outcomeOf({ status, body }) {
  const values = { n: whole(body.generation), ms: number(body.milliseconds) };
  const why = body.reason ?? body.detail;
  if (body.outcome === "served") return [say("order_served", values), false];
  if (body.outcome === "fine") return [say("order_fine", values), false];
  if (status === 0) return [say("order_lost"), true];
  if (status === 409 && why) return [say("order_refused", { why }), true];
  return [why ?? say("order_failed", { status }), true];
}

async function give(path, words) {
  if (busy) return;
  busy = true;
  for (const id of ["reload", "dry-run"]) byId(id).setAttribute("aria-busy", "true");
  tell(words, false);
  const answer = await order(path);
  busy = false;
  for (const id of ["reload", "dry-run"]) byId(id).removeAttribute("aria-busy");
  const [told, bad] = outcomeOf(answer);
  tell(told, bad);
  if (answer.body.outcome === "served") notice(told);
  again();
}

async function rollBack(generation) {
  const n = whole(generation);
  if (!(await confirm(say("roll_back_to", { n }), say("roll_back_means"), say("roll_back")))) return;
  await give(`/scripts/rollback?to=${generation}`, say("ordered_rollback", { n }));
}

byId("reload").addEventListener("click", () => give("/scripts/reload", say("ordered_reload")));
byId("dry-run").addEventListener("click", () => give("/scripts/reload?dry_run=1", say("ordered_dry_run")));

// onOrder(): something was ordered, and may look different now
export const start = (onOrder) => (again = onOrder);
export const ask = () => look("/scripts");
