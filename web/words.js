// words: what the page says. The server has put the texts of the page's language into the page itself, so that
// they are there at the first paint and no other language travels.

import { byId } from "./dom.js";

const texts = JSON.parse(byId("words").textContent);
export const language = document.documentElement.lang;

const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);
// Months and days are those of UTC, as the rule is.
const days = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" });
const months = new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" });

export function say(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

// say_one or say_other, as the number wants it; "{n}" is the number.
export function count(name, n) {
  const kind = `${name}_${plural.select(n)}`;
  return say(kind in texts ? kind : `${name}_other`, { n: numbers.format(n) });
}

export const day = (time) => days.format(new Date(time));

// "2026-11" -> "November 2026"
export const month = (text) => months.format(new Date(`${text}-01T00:00:00Z`));

export const titled = (film) => (film.year ? `${film.title} (${film.year})` : film.title);
