// api: one question to the server, and its answer as data. Nothing is thrown: where the server cannot be reached
// the status is 0.

import { say } from "./words.js";

const PATIENCE_MS = 15000;

async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!type.startsWith("application/json")) return {};
  return response.json().catch(() => ({}));
}

function request(method, options) {
  const headers = { Accept: "application/json" };
  if (options.token) headers.Authorization = `Bearer ${options.token}`;
  if (options.json) headers["Content-Type"] = "application/json";
  return { method, headers, body: options.json ? JSON.stringify(options.json) : options.form };
}

// options: token, json (an object), form (URLSearchParams), signal (to give the question up)
// -> { status, body, id, wait }: the request's id, and the seconds that the server asks to wait
export async function ask(method, path, options = {}) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), PATIENCE_MS);
  options.signal?.addEventListener("abort", () => giveUp.abort());
  try {
    const response = await fetch(path, { ...request(method, options), signal: giveUp.signal });
    return {
      status: response.status,
      body: await read(response),
      id: response.headers.get("X-Request-Id"),
      wait: response.headers.get("Retry-After"),
    };
  } catch {
    return { status: 0, body: {}, id: null, wait: null };
  } finally {
    clearTimeout(timer);
  }
}

// What to tell people of an answer that nobody has words of their own for.
export function trouble(answer) {
  if (answer.status === 0) return say("unreachable");
  if (answer.status === 429) return say("too_often", { n: answer.wait ?? 60 });
  if (answer.status === 503) return say("unreachable");
  return say("broken", { id: answer.id ?? "?" });
}
