// vitals: the few numbers that tell at a glance how the house is, each with the line of the last minutes.

import { byId, element, write } from "./dom.js";
import { spark } from "./spark.js";
import { bytes, number, percent, say, seconds, whole } from "./words.js";

const REQUESTS = "http_server_request_duration_seconds";
const failed = { status: (status) => status.startsWith("5") };

// What has never happened is not among the numbers.
const answers = (past, where) => (past.isKnown ? past.rate(`${REQUESTS}_count`, where) || 0 : NaN);

// `least`: what the line is at least drawn against, so that a quiet house has a quiet line
const TILES = [
  { name: "requests", read: (past) => answers(past), say: number, least: 10 },
  { name: "latency", read: (past) => past.quantile(0.99, REQUESTS), say: seconds, least: 0.01 },
  { name: "failures", read: (past) => answers(past, failed), say: number, least: 1, bad: (n) => n > 0 },
  { name: "active", read: (past) => past.value("http_server_active_requests"), say: whole, least: 4 },
  { name: "connections", read: (past) => past.value("http_server_connections"), say: whole, least: 8 },
  { name: "watching", read: (past) => past.value("sse_clients"), say: whole, least: 8 },
  { name: "cpu", read: (past) => past.rate("process_cpu_seconds_total"), say: percent, least: 1 },
  { name: "memory", read: (past) => past.value("process_resident_memory_bytes"), say: bytes, least: 32 << 20 },
];

function make(tile) {
  const value = element("dd", {}, "–");
  const line = spark();
  const node = element("div", { className: "tile", title: say(`${tile.name}_means`) },
    element("dt", {}, say(tile.name)), value, line.node);
  node.dataset.name = tile.name;
  return { ...tile, node, value, line };
}

const tiles = TILES.map(make);
byId("tiles").append(...tiles.map(({ node }) => node));

export function draw(past) {
  for (const tile of tiles) {
    const now = tile.read(past);
    write(tile.value, tile.say(now));
    tile.line.draw(past.line(tile.name, now), tile.least);
    tile.node.classList.toggle("bad", Boolean(tile.bad?.(now)));
  }
}
