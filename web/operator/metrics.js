// metrics: the server's numbers, as Prometheus' text format tells them, and what they say between two looks at them.
//
// Pure, and all that the page knows of the format. Counters only ever rise, but for a server that was started anew:
// then what is there has all risen since. A histogram is a row of counters, "so many took at most `le`".

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/;
const TYPE = /^# TYPE (\S+) (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

const plain = (text) => text.replace(/\\(.)/g, (_, sign) => (sign === "n" ? "\n" : sign));

function readLabels(text) {
  const labels = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text);
    if (!found) return null;
    labels[found[1]] = plain(found[2]);
  }
  return labels;
}

function readNumber(text) {
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return Number(text);
}

// -> a Map: a sample's name -> a Map: its labels as they were written -> { labels, value }; and as its `types` another:
// a family's name -> "counter", "gauge", "histogram". A line that is none is passed over: one of them must not take all
// the others from the page.
export function parse(text) {
  const scrape = new Map();
  scrape.types = new Map();
  for (const line of text.split("\n")) {
    const type = TYPE.exec(line);
    if (type) scrape.types.set(type[1], type[2]);
    const found = line.startsWith("#") ? null : LINE.exec(line);
    const labels = found && readLabels(found[2] ?? "");
    if (!labels) continue;
    if (!scrape.has(found[1])) scrape.set(found[1], new Map());
    scrape.get(found[1]).set(found[2] ?? "", { labels, value: readNumber(found[3]) });
  }
  return scrape;
}

const matches = (labels, where) => Object.entries(where).every(([name, wanted]) =>
  (typeof wanted === "function" ? wanted(labels[name] ?? "") : labels[name] === wanted));

const samples = (scrape, name, where) =>
  [...(scrape?.get(name) ?? [])].filter(([, sample]) => matches(sample.labels, where));

// The labels of all that is there under that name.
export const labelsOf = (scrape, name) => samples(scrape, name, {}).map(([, { labels }]) => labels);

// The sum of what is there under that name and these labels, { label: "value" or a function of it }; NaN for nothing.
export function total(scrape, name, where = {}) {
  const found = samples(scrape, name, where);
  return found.length > 0 ? found.reduce((sum, [, sample]) => sum + sample.value, 0) : NaN;
}

// All values of a label under that name, in the order of the alphabet.
export function valuesOf(scrape, name, label, where = {}) {
  const found = new Set(samples(scrape, name, where).map(([, sample]) => sample.labels[label] ?? ""));
  return [...found].sort();
}

// How much each series has risen.
function rises(newer, older, name, where) {
  const before = older?.get(name);
  return samples(newer, name, where).map(([id, { labels, value }]) => {
    const was = before?.get(id)?.value ?? 0;
    return { labels, value: value >= was ? value - was : value };
  });
}

// How much a counter has risen from one scrape to another; NaN where it is in neither.
export function rise(newer, older, name, where = {}) {
  const all = rises(newer, older, name, where);
  return all.length > 0 ? all.reduce((sum, each) => sum + each.value, 0) : NaN;
}

// What a histogram saw between two scrapes: [{ le, count }], each with all below it, by rising le.
export function buckets(newer, older, name, where = {}) {
  const counts = new Map();
  for (const { labels, value } of rises(newer, older, `${name}_bucket`, where)) {
    const le = readNumber(labels.le);
    counts.set(le, (counts.get(le) ?? 0) + value);
  }
  return [...counts].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le);
}

// The value that a share of all stays below, as if those in a bucket lay evenly in it; NaN for none at all. Of what
// lies beyond the last bound nothing is known but that: it counts as that bound.
export function quantile(share, row) {
  const all = row.at(-1)?.count ?? 0;
  if (!(all > 0)) return NaN;
  const rank = share * all;
  const at = row.findIndex(({ count }) => count >= rank);
  const below = at > 0 ? row[at - 1] : { le: Math.min(0, row[0].le), count: 0 };
  if (row[at].le === Infinity) return below.le;
  const inside = row[at].count - below.count;
  return inside > 0 ? below.le + (row[at].le - below.le) * ((rank - below.count) / inside) : row[at].le;
}

// The mean of what a histogram saw between two scrapes; NaN for none.
export function mean(newer, older, name, where = {}) {
  const count = rise(newer, older, `${name}_count`, where);
  return count > 0 ? rise(newer, older, `${name}_sum`, where) / count : NaN;
}
