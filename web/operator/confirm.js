// confirm: asks once more, before something is done that others will feel.

import { byId } from "./dom.js";

const dialog = byId("confirm");

// -> true when the button with this word was pressed; Escape and all else is no.
export function confirm(title, text, word) {
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = word;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

byId("confirm-yes").addEventListener("click", () => dialog.close("yes"));
byId("confirm-no").addEventListener("click", () => dialog.close("no"));
