// notice: what just happened, in a line at the bottom for everybody, and in the ear of those who listen.

import { byId } from "./dom.js";

const SHOWN_MS = 7000;
const WHISPER_MS = 20000;

const line = byId("notice");
const ear = byId("whisper");
let hide;

export function notice(text) {
  clearTimeout(hide);
  line.textContent = text;
  line.classList.add("shown");
  hide = setTimeout(() => line.classList.remove("shown"), SHOWN_MS);
}

// For screen readers alone, of what changes by itself: rarely, and only the newest.
let next = 0;
let timer;
export function whisper(text) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    next = Date.now() + WHISPER_MS;
    ear.textContent = text;
  }, Math.max(0, next - Date.now()));
}
