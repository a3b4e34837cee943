// figures: words and the numbers that belong to them, in a list that keeps its elements.

import { Rows, element, write } from "./dom.js";

function make({ title }) {
  const label = element("dt");
  const value = element("dd");
  const node = element("div", { className: "figure" }, label, value);
  if (title) node.title = title;
  return { node, label, value };
}

export class Figures {
  constructor(list) {
    this.list = list;
    this.rows = new Rows(list, make);
  }

  // [{ key, label, value, bad }]; `bad` is worth a look
  draw(figures) {
    this.rows.draw(figures, (row, { label, value, bad }) => {
      write(row.label, label);
      write(row.value, value);
      row.node.classList.toggle("bad", Boolean(bad));
    });
  }
}
