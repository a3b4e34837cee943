// panels: cache, events, streams, the scripts' health, sign-ins: numbers by their names.

import { byId, write } from "./dom.js";
import { Figures } from "./figures.js";
import { ago, bytes, known, number, percent, say, whole } from "./words.js";

const panels = Object.fromEntries(["cache", "bus", "streams", "health", "people", "own"].map((name) =>
  [name, new Figures(byId(`${name}-figures`))]));

// A figure a second for each value of a label.
const rates = (past, name, label, prefix) => past.valuesOf(name, label).map((value) => ({
  key: `${name} ${value}`,
  label: known(prefix, value),
  value: say("per_second", { n: number(past.rate(name, { [label]: value })) }),
}));

// A figure in all for each value of a label, where there was any.
const totals = (past, name, label, words) => past.valuesOf(name, label)
  .filter((value) => past.value(name, { [label]: value }) > 0)
  .map((value) => ({
    key: `${name} ${value}`,
    label: say(words, { name: known(words, value) }),
    value: whole(past.value(name, { [label]: value })),
    bad: past.rise(name, { [label]: value }) > 0,
  }));

const served = { result: (result) => ["hit", "stale"].includes(result) };

function cache(past) {
  const asked = past.rise("cache_requests_total");
  return [
    { key: "share", label: say("cache_share"), value: percent(past.rise("cache_requests_total", served) / asked) },
    ...rates(past, "cache_requests_total", "result", "cache"),
    { key: "entries", label: say("cache_entries"), value: whole(past.value("cache_entries")) },
    { key: "bytes", label: say("cache_bytes"), value: bytes(past.value("cache_bytes")) },
  ];
}

const bus = (past) => [
  ...rates(past, "bus_events_total", "event", "event"),
  ...totals(past, "bus_dropped_total", "event", "dropped"),
];

const streams = (past) => [
  { key: "clients", label: say("watching"), value: whole(past.value("sse_clients")) },
  { key: "frames", label: say("frames"), value: say("per_second", { n: number(past.rate("sse_frames_total")) }) },
  ...totals(past, "sse_evicted_total", "reason", "evicted"),
];

function health(past) {
  const resting = past.value("script_quarantined");
  const reloaded = past.value("script_last_reload_success_timestamp_seconds") * 1000;
  return [
    { key: "live", label: say("generations_live"), value: whole(past.value("script_generations_live")) },
    { key: "resting", label: say("quarantined"), value: whole(resting), bad: resting > 0 },
    { key: "reloaded", label: say("reloaded"), value: reloaded > 0 ? ago(reloaded) : "–" },
    ...totals(past, "script_reload_total", "result", "reloads"),
    ...past.valuesOf("script_memory_bytes", "worker").map((worker) => ({
      key: `worker ${worker}`,
      label: say("worker_memory", { worker }),
      value: bytes(past.value("script_memory_bytes", { worker })),
    })),
    ...totals(past, "script_killed_total", "reason", "killed"),
    ...totals(past, "script_errors_total", "route", "errors_in"),
  ];
}

const people = (past) => [
  ...rates(past, "login_attempts_total", "result", "login"),
  ...rates(past, "jwt_verify_total", "result", "jwt"),
];

// What scripts count that nobody has made a panel for: a metric that is dropped in shows by itself.
const SHOWN = /^(http|db|cache|bus|sse|script|jwt|process|plateia|outbox)_|^login_attempts_total$/;
const MOST = 40;

function figureOf(past, { name, type }, labels) {
  const values = Object.values(labels).join(", ");
  const rate = () => say("per_second", { n: number(past.rate(type === "histogram" ? `${name}_count` : name, labels)) });
  return { key: `${name} ${values}`, label: values ? `${name}: ${values}` : name,
    value: type === "gauge" ? number(past.value(name, labels)) : rate() };
}

function labelsOf(past, { name, type }) {
  return past.labelsOf(type === "histogram" ? `${name}_count` : name);
}

const own = (past) => past.families().filter(({ name }) => !SHOWN.test(name))
  .flatMap((family) => labelsOf(past, family).map((labels) => figureOf(past, family, labels))).slice(0, MOST);

const readers = { cache, bus, streams, health, people, own };

export function draw(past) {
  for (const [name, read] of Object.entries(readers)) {
    const figures = read(past);
    panels[name].draw(figures);
    if (name === "own") byId("own").hidden = figures.length === 0;
    else byId(`${name}-none`).hidden = figures.length > 0;
  }
  const build = past.valuesOf("plateia_build_info", "version");
  write(byId("build"), build.length > 0 ? say("build", { version: build.join(", ") }) : "");
}
