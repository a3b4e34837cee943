// words: what the page says, and how it writes numbers and times. The server has put the texts of the page's language
// into the page itself.

import { byId } from "./dom.js";

const texts = JSON.parse(byId("words").textContent);
export const language = document.documentElement.lang;

const plural = new Intl.PluralRules(language);
const clocks = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

export const NOTHING = "–";

export function say(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

// say_one or say_other, as the number wants it; "{n}" is the number.
export function count(name, n, values = {}) {
  const kind = `${name}_${plural.select(n)}`;
  return say(kind in texts ? kind : `${name}_other`, { n: whole(n), ...values });
}

// What the server calls by a word that may be a word of ours, too: a reload's "watch".
export const known = (prefix, word) => texts[`${prefix}_${word}`] ?? word;

function written(n, digits, unit = "") {
  const text = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(n);
  return unit ? `${text}\u202f${unit}` : text;
}

const digitsOf = (n) => (Math.abs(n) < 10 ? 2 : Math.abs(n) < 100 ? 1 : 0);

export const whole = (n) => (Number.isFinite(n) ? written(n, 0) : NOTHING);
export const number = (n) => (Number.isFinite(n) ? written(n, digitsOf(n)) : NOTHING);
export const percent = (share) => (Number.isFinite(share) ? written(share * 100, digitsOf(share * 100), "%") : NOTHING);

export function seconds(s) {
  if (!Number.isFinite(s)) return NOTHING;
  if (s === 0) return written(0, 0, "s");
  if (s < 0.001) return written(s * 1e6, 0, "µs");
  return s < 1 ? written(s * 1000, digitsOf(s * 1000), "ms") : written(s, digitsOf(s), "s");
}

export function bytes(n) {
  if (!Number.isFinite(n)) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB"];
  let power = 0;
  while (n >= 1024 && power < units.length - 1) {
    n /= 1024;
    power++;
  }
  return written(n, power ? digitsOf(n) : 0, units[power]);
}

// "4 h 12 min"
export function span(s) {
  if (!Number.isFinite(s)) return NOTHING;
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (d > 0) return `${d}\u202fd ${h}\u202fh`;
  if (h > 0) return `${h}\u202fh ${m}\u202fmin`;
  return m > 0 ? `${m}\u202fmin ${Math.floor(s) % 60}\u202fs` : `${Math.floor(s)}\u202fs`;
}

export const clock = (time) => clocks.format(new Date(time));
export const date = (time) => days.format(new Date(time));

// "in 3 minutes", "3 minutes ago"
export function when(time) {
  const s = Math.round((new Date(time) - Date.now()) / 1000);
  const steps = [["second", 1, 60], ["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, Infinity]];
  const [unit, size] = steps.find(([, , most]) => Math.abs(s) < most);
  return relative.format(Math.trunc(s / size), unit);
}

// The same of what has been, whatever the clocks say.
export const ago = (time) => when(Math.min(new Date(time), Date.now()));
