// api: one question to this listener, and its answer. Nothing is thrown: where the server cannot be reached, the status
// is 0.
//
// An order carries the header X-Plateia-Admin, which no page from elsewhere can send here: its browser would first ask
// for leave, and nobody gives it. The token, where one is needed, is kept in sessionStorage: it ends with the tab.

const PATIENCE_MS = 10000;
const ORDER_PATIENCE_MS = 120000; // a reload waits for every worker
const KEY = "plateia.operator";

let token = null;
try {
  token = sessionStorage.getItem(KEY);
} catch {
  // storage is switched off: the token lasts as long as the page
}

export function trust(text) {
  token = text;
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // as above
  }
}

export const hasToken = () => token !== null;

async function send(method, path, patience, headers) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), patience);
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    const response = await fetch(path, { method, headers, cache: "no-store", signal: giveUp.signal });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: "" };
  } finally {
    clearTimeout(timer);
  }
}

function withBody({ status, text }) {
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    return { status, body: {} };
  }
}

export const read = (path) => send("GET", path, PATIENCE_MS, {});
export const look = async (path) => withBody(await read(path));
export const order = async (path) => withBody(await send("POST", path, ORDER_PATIENCE_MS, { "X-Plateia-Admin": "1" }));
