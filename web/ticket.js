// ticket: one's own vote of this month, when the next may be cast, and the votes of the months before.

import { ask } from "./api.js";
import { byId, element, show } from "./dom.js";
import * as session from "./session.js";
import { day, month, say } from "./words.js";

const SHOWN = 12; // a year

const thisMonth = () => new Date().toISOString().slice(0, 7);

function drawPast(items) {
  const past = items.slice(0, SHOWN).map((vote) =>
    element("li", {}, element("span", { className: "when" }, month(vote.month)), element("b", {}, vote.title)));
  byId("past-votes").replaceChildren(...past);
  byId("past").hidden = past.length === 0;
}

function drawTicket(line, film, again) {
  byId("ticket").classList.toggle("used", Boolean(film));
  byId("ticket-line").textContent = line;
  show(byId("ticket-film"), film);
  show(byId("ticket-again"), again);
}

// mine: { items: [{ title, month }], next_vote_at: time or null }, as /me/votes has it
function draw(mine) {
  drawPast(mine.items);
  if (mine.next_vote_at)
    drawTicket(say("ticket_voted"), mine.items[0].title, say("ticket_again", { date: day(mine.next_vote_at) }));
  else drawTicket(say("ticket_free", { month: month(thisMonth()) }));
}

function drawNobody() {
  drawPast([]);
  drawTicket(say("ticket_out"));
}

// Asks for one's votes and shows them. What the server said, or null where it did not.
export async function refresh() {
  const token = session.token();
  if (!token) {
    drawNobody();
    return null;
  }
  const answer = await ask("GET", "/me/votes", { token });
  if (answer.status === 401) session.end();
  if (answer.status !== 200 || session.token() !== token) return null;
  draw(answer.body);
  return answer.body;
}

export function start() {
  session.onChange(refresh);
  refresh();
}
