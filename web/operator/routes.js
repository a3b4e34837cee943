// routes: what is asked for, how often, how long it takes, and what goes wrong. In the order of the alphabet, so that
// rows stay where they are, or as one likes.

import { Rows, byId, cells, element, write } from "./dom.js";
import { spark } from "./spark.js";
import { NOTHING, number, seconds } from "./words.js";

const NAME = "http_server_request_duration_seconds";
const byStatus = (first) => ({ status: (status) => status.startsWith(first) });

let order = { by: "route", down: false };
let shown = [];

const table = new Rows(byId("routes-body"), ({ method, route }) => {
  const line = spark();
  const numbers = cells("rate", "p50", "p99", "denied", "failed");
  const name = element("th", { scope: "row" },
    element("span", { className: "method" }, method), " ", element("span", { className: "path" }, route));
  const node = element("tr", {}, name, element("td", { className: "line" }, line.node), ...Object.values(numbers));
  node.dataset.route = `${method} ${route}`;
  return { node, line, ...numbers };
});

function read(past, method, route) {
  const where = { method, route };
  const rate = (more = {}) => past.rate(`${NAME}_count`, { ...where, ...more });
  return {
    key: `${method} ${route}`,
    method,
    route,
    rate: rate(),
    p50: past.quantile(0.5, NAME, where),
    p99: past.quantile(0.99, NAME, where),
    denied: rate(byStatus("4")) || 0,
    failed: rate(byStatus("5")) || 0,
  };
}

function readAll(past) {
  return past.valuesOf(`${NAME}_count`, "route").flatMap((route) =>
    past.valuesOf(`${NAME}_count`, "method", { route }).map((method) => read(past, method, route)));
}

// What is not known comes last, either way.
function compare(a, b) {
  const [left, right] = [a[order.by], b[order.by]];
  const byName = a.route.localeCompare(b.route) || a.method.localeCompare(b.method);
  if (order.by === "route") return order.down ? -byName : byName;
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right);
  return (order.down ? right - left : left - right) || byName;
}

const some = (n) => (n > 0 ? number(n) : NOTHING);

function fill(row, each) {
  write(row.rate, number(each.rate));
  write(row.p50, seconds(each.p50));
  write(row.p99, seconds(each.p99));
  write(row.denied, some(each.denied));
  write(row.failed, some(each.failed));
  row.node.classList.toggle("still", !(each.rate > 0));
  row.node.classList.toggle("bad", each.failed > 0);
}

const arrange = () => table.draw([...shown].sort(compare), fill);

export function draw(past) {
  shown = readAll(past);
  byId("routes-none").hidden = shown.length > 0;
  byId("routes").hidden = shown.length === 0;
  arrange();
  for (const each of shown) table.made.get(each.key).line.draw(past.line(`route ${each.key}`, each.rate), 1);
}

for (const button of byId("routes").querySelectorAll("thead button")) {
  button.addEventListener("click", () => {
    const by = button.dataset.by;
    order = { by, down: order.by === by ? !order.down : by !== "route" };
    for (const head of byId("routes").querySelectorAll("thead th")) head.removeAttribute("aria-sort");
    button.closest("th").setAttribute("aria-sort", order.down ? "descending" : "ascending");
    arrange();
  });
}
