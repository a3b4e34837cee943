// past: the scrapes of the last seconds, what happened between them, and the lines that the page draws.
//
// What the page says of "now" is said of the last ten seconds: between two looks there may be nobody. A server that was
// started anew begins a new past.

import { buckets, labelsOf, mean, quantile, rise, total, valuesOf } from "./metrics.js";

const NOW = 6; // scrapes, two seconds apart
const KEPT = 60; // points of a line

export class Past {
  #scrapes = []; // { at, scrape }, the newest last
  #lines = new Map();
  #began;

  add(scrape, at) {
    const began = total(scrape, "process_start_time_seconds");
    if (began !== this.#began) {
      this.#scrapes = [];
      this.#lines.clear();
    }
    this.#began = began;
    this.#scrapes.push({ at, scrape });
    if (this.#scrapes.length > NOW) this.#scrapes.shift();
  }

  get #newer() {
    return this.#scrapes.at(-1).scrape;
  }

  get #older() {
    return this.#scrapes[0].scrape;
  }

  // Whether there are two looks to compare.
  get isKnown() {
    return this.#scrapes.length > 1;
  }

  value = (name, where) => total(this.#newer, name, where);
  valuesOf = (name, label, where) => valuesOf(this.#newer, name, label, where);

  labelsOf = (name) => labelsOf(this.#newer, name);
  families = () => [...this.#newer.types].map(([name, type]) => ({ name, type }));

  // What happened in these seconds; NaN while unknown.
  rise = (name, where) => (this.isKnown ? rise(this.#newer, this.#older, name, where) : NaN);
  rate = (name, where) => (this.rise(name, where) * 1000) / (this.#scrapes.at(-1).at - this.#scrapes[0].at);
  mean = (name, where) => (this.isKnown ? mean(this.#newer, this.#older, name, where) : NaN);

  quantile(share, name, where) {
    return this.isKnown ? quantile(share, buckets(this.#newer, this.#older, name, where)) : NaN;
  }

  // The line of that name, with one point more.
  line(name, value) {
    if (!this.#lines.has(name)) this.#lines.set(name, []);
    const line = this.#lines.get(name);
    line.push(value);
    if (line.length > KEPT) line.shift();
    return line;
  }
}
