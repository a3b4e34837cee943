// numbers: how the operators' page reads the server's metrics, without a browser.

import { readFile } from "node:fs/promises";
import { equal, it } from "./cases.mjs";

// The page's files are modules for browsers, by the name they are served under; one without imports can be had so.
const load = async (name) =>
  import(`data:text/javascript,${encodeURIComponent(await readFile(`web/operator/${name}`, "utf8"))}`);

const TEXT = `# HELP http_server_request_duration_seconds How long requests took.
# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="0.1"} 4
http_server_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="0.5"} 8
http_server_request_duration_seconds_bucket{method="GET",route="/a",status="200",le="+Inf"} 8
http_server_request_duration_seconds_sum{method="GET",route="/a",status="200"} 1.6
http_server_request_duration_seconds_count{method="GET",route="/a",status="200"} 8
http_server_request_duration_seconds_bucket{method="GET",route="/a",status="500",le="0.1"} 0
http_server_request_duration_seconds_bucket{method="GET",route="/a",status="500",le="0.5"} 0
http_server_request_duration_seconds_bucket{method="GET",route="/a",status="500",le="+Inf"} 2
http_server_request_duration_seconds_sum{method="GET",route="/a",status="500"} 6
http_server_request_duration_seconds_count{method="GET",route="/a",status="500"} 2

# TYPE db_pool_max gauge
db_pool_max{class="read"} 4
db_pool_max{class="lease",} 2
odd{text="a \\"quoted\\\\ one\\nof, two} lines"} 1e3
process_start_time_seconds 1.7e+09 1700000000000
nothing_yet NaN
most +Inf
`;

const HISTOGRAM = "http_server_request_duration_seconds";

const { parse, total, labelsOf, valuesOf, rise, buckets, quantile, mean } = await load("metrics.js");
const all = (value) => JSON.stringify(value);

it("numbers: reads names, labels and values of all kinds", () => {
  const scrape = parse(TEXT);
  equal(total(scrape, "db_pool_max"), 6, "a sum");
  equal(total(scrape, "db_pool_max", { class: "lease" }), 2, "one of them");
  equal(total(scrape, "process_start_time_seconds"), 1.7e9, "a value before a time");
  equal(total(scrape, "most"), Infinity, "+Inf");
  equal(Number.isNaN(total(scrape, "nothing_yet")), true, "NaN");
  equal(Number.isNaN(total(scrape, "never_heard_of")), true, "what is not there");
  equal(valuesOf(scrape, "odd", "text")[0], 'a "quoted\\ one\nof, two} lines', "escapes");
  equal(all(valuesOf(scrape, "db_pool_max", "class")), all(["lease", "read"]), "values of a label");
  equal(all(labelsOf(scrape, "db_pool_max")), all([{ class: "read" }, { class: "lease" }]), "labels");
  equal(all([...scrape.types]), all([[HISTOGRAM, "histogram"], ["db_pool_max", "gauge"]]), "types");
});

it("numbers: chooses by labels, or by what a function says of them", () => {
  const scrape = parse(TEXT);
  const failed = { route: "/a", status: (status) => status.startsWith("5") };
  equal(total(scrape, `${HISTOGRAM}_count`, failed), 2);
  equal(total(scrape, `${HISTOGRAM}_count`, { route: "/a" }), 10);
  equal(Number.isNaN(total(scrape, `${HISTOGRAM}_count`, { route: "/b" })), true);
});

it("numbers: passes over lines that are none, and keeps the others", () => {
  const broken = ["", "{", "a", "a{", 'a{b="c" 1', "a{b=c} 1", 'a{b="c"} ', "1 2", 'a{b="c\\"} 1', "\u0000", "a b c"];
  const scrape = parse([...broken, "fine 1", ...broken, 'fine{x="y"} 2'].join("\r\n").replaceAll("\r", ""));
  equal(total(scrape, "fine"), 3);
  const others = [...scrape.keys()].filter((name) => name !== "fine" && !Number.isNaN(total(scrape, name)));
  equal(all(others), "[]", "others");
  equal(parse("").size, 0);
});

it("numbers: a counter rises, a new one from nothing, and one that fell began anew", () => {
  const older = parse('c{a="1"} 10\nc{a="2"} 100\n');
  equal(rise(parse('c{a="1"} 13\nc{a="2"} 100\n'), older, "c"), 3, "risen");
  equal(rise(parse('c{a="1"} 10\nc{a="2"} 100\nc{a="3"} 5\n'), older, "c"), 5, "a new one");
  equal(rise(parse('c{a="1"} 4\nc{a="2"} 100\n'), older, "c"), 4, "begun anew");
  equal(rise(parse('c{a="1"} 13\nc{a="2"} 107\n'), older, "c", { a: "2" }), 7, "one label");
  equal(Number.isNaN(rise(parse(""), older, "c")), true, "gone");
});

it("numbers: quantiles lie evenly in their bucket", () => {
  const row = [{ le: 0.1, count: 4 }, { le: 0.5, count: 8 }, { le: Infinity, count: 8 }];
  equal(quantile(0.5, row), 0.1, "at a bound");
  equal(quantile(0.25, row), 0.05, "in the first, from zero");
  equal(quantile(0.75, row).toFixed(9), "0.300000000", "in the middle");
  equal(quantile(1, row), 0.5, "the last");
});

it("numbers: quantiles of nothing, beyond the last bound, and of empty buckets", () => {
  equal(Number.isNaN(quantile(0.5, [])), true, "no histogram");
  equal(Number.isNaN(quantile(0.5, [{ le: 1, count: 0 }, { le: Infinity, count: 0 }])), true, "nobody");
  equal(quantile(0.99, [{ le: 1, count: 1 }, { le: Infinity, count: 100 }]), 1, "beyond");
  const gap = [{ le: 1, count: 0 }, { le: 2, count: 0 }, { le: 4, count: 10 }, { le: Infinity, count: 10 }];
  equal(quantile(0.9, gap), 3.8, "between empty ones");
  equal(quantile(0.5, [{ le: Infinity, count: 3 }]), 0, "one without bounds");
});

it("numbers: a histogram between two looks is what was added, over all its series", () => {
  const older = parse(TEXT);
  const good = '{method="GET",route="/a",status="200"';
  const newer = parse(TEXT.replace('le="0.1"} 4', 'le="0.1"} 14').replace('le="0.5"} 8', 'le="0.5"} 18')
    .replace('"200",le="+Inf"} 8', '"200",le="+Inf"} 18').replace(`_count${good}} 8`, `_count${good}} 18`)
    .replace(`_sum${good}} 1.6`, `_sum${good}} 2.1`));
  const added = [{ le: 0.1, count: 10 }, { le: 0.5, count: 10 }, { le: Infinity, count: 10 }];
  equal(all(buckets(newer, older, HISTOGRAM)), all(added), "buckets");
  equal(quantile(0.5, buckets(newer, older, HISTOGRAM, { route: "/a" })), 0.05, "their median");
  equal(mean(newer, older, HISTOGRAM).toFixed(6), "0.050000", "their mean");
  equal(Number.isNaN(mean(older, older, HISTOGRAM)), true, "the mean of none");
  equal(buckets(older, undefined, HISTOGRAM).at(-1).count, 10, "without one before: all of it");
});

it("numbers: thousands of series are read in a moment", () => {
  let text = "";
  for (let i = 0; i < 20000; i++)
    text += `series_bucket{method="GET",route="/route/${i % 40}",status="200",worker="${i}",le="0.5"} ${i}\n`;
  const began = performance.now();
  const scrape = parse(text);
  equal(scrape.get("series_bucket").size, 20000);
  rise(scrape, scrape, "series_bucket", { route: "/route/7" });
  equal(performance.now() - began < 1000, true, `${performance.now() - began} ms`);
});
