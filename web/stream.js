// stream: the month's ranking as it comes. By the server's stream; and asked for every few seconds while there is none,
// because it is not there, or full, or something on the way does not let it through.
//
// The browser would reconnect a broken stream by itself, but not one that was refused, and without ever backing off:
// so a stream that fails is closed, and opened anew after a while that doubles.

import { ask } from "./api.js";

const STREAM = "/movies/top/stream";
const QUESTION = "/movies/top?period=current&limit=10";
const POLL_MS = 4000;
const FIRST_POLL_MS = 1500;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30000;

let source = null;
let live = false; // a frame has come: a stream that is open and silent is none
let failures = 0;
let reachable = true;
let retryTimer;
let pollTimer;
let tell;
let tellState;

// Half of it by chance, so that a crowd does not come back at once.
function backoff() {
  const most = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
  return most * (0.5 + Math.random() / 2);
}

function close() {
  source?.close();
  source = null;
  live = false;
  clearTimeout(retryTimer);
  clearTimeout(pollTimer);
}

function lose() {
  close();
  retryTimer = setTimeout(open, backoff());
  poll();
}

function takeRanking(event) {
  tell(JSON.parse(event.data));
  if (live) return;
  live = true;
  failures = 0;
  reachable = true;
  tellState("live");
}

function open() {
  close();
  source = new EventSource(STREAM);
  source.addEventListener("ranking", takeRanking);
  source.addEventListener("shutdown", lose);
  source.addEventListener("error", lose);
  pollTimer = setTimeout(poll, FIRST_POLL_MS);
}

async function poll() {
  clearTimeout(pollTimer);
  if (live) return;
  const answer = await ask("GET", QUESTION);
  if (live || document.hidden) return;
  const before = reachable;
  reachable = answer.status !== 0;
  if (answer.status === 200) tell(answer.body);
  tellState(answer.status === 200 ? "polling" : "reconnecting");
  clearTimeout(pollTimer);
  if (reachable && !before) {
    failures = 0;
    open(); // it is back
  } else {
    pollTimer = setTimeout(poll, POLL_MS);
  }
}

// What was just changed from here may be asked for at once.
export function hurry() {
  if (!live) setTimeout(poll, 700);
}

// onRanking({ items, as_of, ... }); onState("live" | "polling" | "reconnecting")
export function follow(onRanking, onState) {
  tell = onRanking;
  tellState = onState;
  open();
  // A page that nobody sees asks for nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("online", open);
}
