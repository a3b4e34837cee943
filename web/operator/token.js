// token: asks for the token of a server that wants one, and again when it was a wrong one.

import { hasToken, trust } from "./api.js";
import { byId } from "./dom.js";
import { say } from "./words.js";

const dialog = byId("token");
const field = byId("token-field");

function refuse() {
  byId("token-wrong").textContent = say("token_wrong");
  field.setAttribute("aria-invalid", "true");
}

// Resolves when a token was given; to try is the caller's affair.
export function askToken() {
  if (hasToken()) refuse();
  field.value = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!/^[!-~]+$/.test(text)) return refuse(); // no header could carry it
  trust(text);
  dialog.close();
});
// Without a token there is nothing to see: it stays open.
dialog.addEventListener("cancel", (event) => event.preventDefault());
