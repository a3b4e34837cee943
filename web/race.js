// race: the ranking as rows of seats. A film that overtakes another glides past it.
//
// Rows are moved in the document first, so that reading and tabbing follow the ranking, and then animated from where
// they were seen (by transform alone: nothing is laid out twice). Whoever wants less motion gets none.

import { byId, element } from "./dom.js";
import { whisper } from "./notice.js";
import { count, month, say, titled } from "./words.js";
import { vote } from "./vote.js";

const GLIDE = { duration: 900, easing: "cubic-bezier(.2, .8, .2, 1)" };
const APPEAR = { duration: 600, easing: "ease-out" };
const DAY_MS = 86400000;
const SHOWN = 10;

const list = byId("race");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const rows = new Map(); // a film's id -> its row
let leader = null;

function makeRow(film) {
  const rank = element("span", { className: "rank" });
  const votes = element("span", { className: "votes" });
  const lit = element("span", { className: "lit" });
  const button = element("button", { type: "button", className: "vote" }, say("vote"));
  button.addEventListener("click", () => vote(film));
  const title = element("b");
  const name = element("span", { className: "name" }, title);
  if (film.year) name.append(" ", element("span", { className: "year" }, String(film.year)));
  const seats = element("span", { className: "seats", "aria-hidden": "true" }, lit);
  const node = element("li", { className: "film", "data-id": film.id }, rank, name, votes, seats, button);
  return { node, rank, title, votes, lit, button, count: 0 };
}

// The part of a row that is dark, of the leader's row.
const dark = (film, most) => `inset(0 ${(100 - (100 * film.votes) / most).toFixed(2)}% 0 0)`;

function seen(row) {
  return { top: row.node.getBoundingClientRect().top, clip: getComputedStyle(row.lit).clipPath };
}

// The order of the ranking, without moving the row that has the focus: moved, it would lose it.
function arrange(wanted) {
  const focused = wanted.find((node) => node.contains(document.activeElement));
  let behind = !focused;
  for (const node of wanted) {
    if (node === focused) behind = true;
    else if (behind) list.append(node);
    else list.insertBefore(node, focused);
  }
}

function glide(row, before) {
  const after = seen(row);
  if (!before) {
    row.node.animate([{ opacity: 0 }, { opacity: 1 }], APPEAR);
    row.lit.animate([{ clipPath: "inset(0 100% 0 0)" }, { clipPath: after.clip }], GLIDE);
    return;
  }
  if (before.clip !== after.clip) row.lit.animate([{ clipPath: before.clip }, { clipPath: after.clip }], GLIDE);
  const way = before.top - after.top;
  if (way === 0) return;
  row.node.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], GLIDE);
}

function flash(row) {
  row.node.animate([{ filter: "brightness(1.5)" }, { filter: "none" }], APPEAR);
}

function fill(row, film, most) {
  row.rank.textContent = film.rank;
  row.title.textContent = film.title;
  row.button.setAttribute("aria-label", say("vote_for", { film: titled(film) }));
  row.votes.textContent = count("votes", film.votes);
  row.lit.style.clipPath = dark(film, most);
  row.rose = row.count > 0 && film.votes > row.count;
  row.count = film.votes;
}

function dropOthers(films) {
  const ids = new Set(films.map((film) => film.id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.node.remove();
    rows.delete(id);
  }
}

function drawRows(films) {
  const before = new Map([...rows].map(([id, row]) => [id, seen(row)]));
  const most = films[0]?.votes ?? 1;
  for (const row of rows.values()) for (const each of row.node.getAnimations({ subtree: true })) each.cancel();
  dropOthers(films);
  for (const film of films) {
    if (!rows.has(film.id)) rows.set(film.id, makeRow(film));
    fill(rows.get(film.id), film, most);
  }
  arrange(films.map((film) => rows.get(film.id).node));
  if (still.matches) return;
  for (const film of films) {
    const row = rows.get(film.id);
    glide(row, before.get(film.id));
    if (row.rose) flash(row);
  }
}

// A new leader is worth a word; each vote is not.
function tellLeader(films) {
  const first = films[0];
  if (!first) return;
  if (leader !== null && leader !== first.id)
    whisper(say("leads", { film: first.title, votes: count("votes", first.votes) }));
  leader = first.id;
}

function drawMonth(period, total) {
  const [year, number] = period.split("-").map(Number);
  const left = Math.max(1, Math.ceil((Date.UTC(year, number, 1) - Date.now()) / DAY_MS));
  byId("month").textContent = ` · ${month(period)}`;
  byId("closing").textContent = [total && count("total", total), count("closes", left)].filter(Boolean).join(" ");
}

// What a shell shows before anything is known: the month, by this device's clock.
export function drawNow() {
  drawMonth(new Date().toISOString().slice(0, 7));
}

// ranking: { items: [{ rank, id, title, year, votes }], as_of }, and of the stream period: "YYYY-MM" and total
export function draw(ranking) {
  const films = ranking.items.slice(0, SHOWN);
  if (films.length > 0) for (const node of list.querySelectorAll(".waiting")) node.remove();
  list.removeAttribute("aria-busy");
  byId("empty").hidden = films.length > 0;
  drawMonth(ranking.period ?? ranking.as_of.slice(0, 7), ranking.total);
  drawRows(films);
  tellLeader(films);
}
