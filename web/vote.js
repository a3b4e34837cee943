// vote: one click, one vote. Who is not signed in does that in between, and need not click again.

import * as account from "./account.js";
import { ask, trouble } from "./api.js";
import { notice } from "./notice.js";
import * as session from "./session.js";
import { hurry } from "./stream.js";
import * as ticket from "./ticket.js";
import { day, say } from "./words.js";

let busy = false; // a vote is on its way

async function signedIn(film) {
  if (session.token()) return true;
  return session.isOver() ? account.openAgain() : account.open(say("for_film", { film: film.title }));
}

// The answer was lost, or the server cannot say: one's own votes can.
async function findOut(film) {
  const mine = await ticket.refresh();
  const counted = mine?.next_vote_at && mine.items[0].movie_id === film.id;
  return counted ? say("counted", { film: film.title }) : say("not_counted");
}

async function outcome(answer, film) {
  switch (answer.status) {
    case 201: return say("counted", { film: film.title });
    case 404: return say("no_film");
    case 409: return say("again", { date: day(answer.body.next_vote_at) });
    case 0: case 503: return findOut(film);
    default: return trouble(answer);
  }
}

export async function vote(film) {
  if (busy || !(await signedIn(film))) return;
  busy = true;
  const answer = await ask("POST", `/vote/${film.id}`, { token: session.token() });
  busy = false;
  if (answer.status === 401) {
    session.end();
    if (await account.openAgain()) await vote(film);
    return;
  }
  notice(await outcome(answer, film));
  if (answer.status === 201 || answer.status === 409) ticket.refresh();
  hurry();
}
