// session: who is signed in here, and the token that says so.
//
// The token is kept in sessionStorage: it outlives a reload and a change of language, and ends with the tab. Not in
// localStorage, where it would stay behind on a shared computer and be shared by all tabs. Not in a cookie, which the
// browser would send by itself, so that other sites could make it vote. Any script of this page could read it; that is
// why the page's Content-Security-Policy lets no script in but its own files, and nothing becomes markup or code. And
// it is good for an hour: what is stolen does not last.

const KEY = "plateia.session";
const EARLY_MS = 5000; // a token that ends on the way is of no use

function load() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null; // storage is switched off, or holds something else
  }
}

function store(value) {
  try {
    if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
    else sessionStorage.removeItem(KEY);
  } catch {
    // storage is switched off: the session lasts as long as the page
  }
}

let current = load();
const listeners = [];

function change(value) {
  current = value;
  store(value);
  for (const listener of listeners) listener();
}

export const onChange = (listener) => listeners.push(listener);

export const name = () => current?.name ?? null;

// The token, or null where there is none or its time is up.
export function token() {
  return current && Date.now() < current.until - EARLY_MS ? current.token : null;
}

// Somebody was signed in, but is no more.
export const isOver = () => current !== null && token() === null;

export function begin(who, answer) {
  change({ name: who, token: answer.access_token, until: Date.now() + answer.expires_in * 1000 });
}

export const end = () => change(null);
