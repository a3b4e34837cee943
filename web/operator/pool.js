// pool: the database's connections as seats, and what waits for them; batches.

import { Rows, byId, element, write } from "./dom.js";
import { Figures } from "./figures.js";
import { count, known, number, say, seconds, whole } from "./words.js";

const MOST_SEATS = 32;
const figures = new Figures(byId("pool-figures"));

const classes = new Rows(byId("pool"), ({ key }) => {
  const lit = element("span", { className: "lit" });
  const seats = element("span", { className: "seats", "aria-hidden": "true" }, lit);
  const free = element("span", { className: "free" });
  const pace = element("span", { className: "pace" });
  const node = element("li", {}, element("b", {}, known("class", key)), free, seats, pace);
  return { node, lit, seats, free, pace };
});

function fill(row, { max, free, waiting, rate, timeouts }) {
  const shown = Math.min(max, MOST_SEATS);
  write(row.free, say("pool_free", { n: whole(free), max: whole(max) }));
  const paces = [rate >= 0 && say("pool_statements", { n: number(rate) }),
    waiting > 0 && count("pool_waiting", waiting), timeouts > 0 && count("pool_timeouts", timeouts)];
  write(row.pace, paces.filter(Boolean).join(" · "));
  row.seats.style.width = `${shown * 14}px`;
  row.lit.style.clipPath = `inset(0 ${max > 0 ? (100 * free) / max : 100}% 0 0)`;
  row.node.classList.toggle("bad", waiting > 0);
}

function readClass(past, name) {
  const where = { class: name };
  const max = past.value("db_pool_max", where);
  return {
    key: name,
    max,
    free: past.value("db_pool_available", where),
    waiting: past.value("db_pool_waiting", where),
    timeouts: past.value("db_pool_timeouts_total", where),
    rate: past.rate("db_statements_total", where),
  };
}

export function draw(past) {
  classes.draw(past.valuesOf("db_pool_max", "class").map((name) => readClass(past, name)), fill);
  figures.draw([
    { key: "acquire", label: say("pool_acquire"), value: seconds(past.quantile(0.99, "db_pool_acquire_seconds")) },
    { key: "rows", label: say("batch_rows"), value: number(past.mean("db_batch_rows")) },
    { key: "batches", label: say("batch_rate"), value: number(past.rate("db_batch_rows_count")) },
    { key: "splits", label: say("batch_splits"), value: whole(past.value("db_batch_splits_total")) },
    { key: "reconnects", label: say("reconnects"), value: whole(past.value("db_reconnects_total")) },
  ]);
}
