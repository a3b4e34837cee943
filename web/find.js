// find: films by the letters of their titles, while they are typed.

import { ask, trouble } from "./api.js";
import { byId, element } from "./dom.js";
import { vote } from "./vote.js";
import { count, say, titled } from "./words.js";

const PAUSE_MS = 250;
const SHOWN = 8;

const input = byId("find");
const state = byId("find-state");
const found = byId("found");
let timer;
let asking;

function row(film) {
  const about = [film.year, film.director ?? film.genre].filter(Boolean).join(" · ");
  const button = element("button", { type: "button", className: "vote" }, say("vote"));
  button.setAttribute("aria-label", say("vote_for", { film: titled(film) }));
  button.addEventListener("click", () => vote(film));
  return element("li", {}, element("span", { className: "name" }, element("b", {}, film.title),
    element("span", { className: "about" }, about)), button);
}

function draw(answer) {
  const films = answer.body.items ?? [];
  found.replaceChildren(...films.map(row));
  if (answer.status !== 200) state.textContent = trouble(answer);
  else if (films.length === 0) state.textContent = say("found_none");
  else if (answer.body.next) state.textContent = say("found_more", { n: films.length });
  else state.textContent = count("found", films.length);
}

async function search() {
  const text = input.value.trim();
  asking?.abort();
  if (!text) {
    found.replaceChildren();
    state.textContent = say("search_hint");
    return;
  }
  const mine = (asking = new AbortController());
  const answer = await ask("GET", `/movies?limit=${SHOWN}&search=${encodeURIComponent(text)}`, { signal: mine.signal });
  if (!mine.signal.aborted) draw(answer); // else an older answer, for letters that have changed since
}

export function start() {
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  byId("find-form").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
}
