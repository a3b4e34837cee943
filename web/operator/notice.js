// notice: what just happened, in a line at the bottom for everybody, and read out.

import { byId } from "./dom.js";

const SHOWN_MS = 7000;
const line = byId("notice");
let hide;

export function notice(text) {
  clearTimeout(hide);
  line.textContent = text;
  line.classList.add("shown");
  hide = setTimeout(() => line.classList.remove("shown"), SHOWN_MS);
}
