// dom: finding and making elements. Text stays text: nothing here, nor anywhere on the page, parses markup.

export const byId = (id) => document.getElementById(id);

// element("p", { className: "hint", "aria-hidden": "true" }, "text", child)
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

export function drawing(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// { name: an empty cell with that class }
export const cells = (...names) => Object.fromEntries(names.map((name) => [name, element("td", { className: name })]));

// Writes only what differs: whoever has marked a text keeps the mark.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Shows the text in an element, or hides it where there is none.
export function show(node, text) {
  write(node, text ?? "");
  node.hidden = !text;
}

// Children of a list, one for each key, made once and in the keys' order; the one that has the focus is not moved.
export class Rows {
  made = new Map();

  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
  }

  // items: [{ key, ... }] -> update(row, item) for each
  draw(items, update) {
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, row] of this.made) {
      if (keys.has(key)) continue;
      row.node.remove();
      this.made.delete(key);
    }
    for (const item of items) {
      if (!this.made.has(item.key)) this.made.set(item.key, this.make(item));
      update(this.made.get(item.key), item);
    }
    this.#arrange(items.map(({ key }) => this.made.get(key).node));
  }

  #arrange(wanted) {
    if (wanted.every((node, index) => this.parent.children[index] === node)) return;
    const focused = wanted.find((node) => node.contains(document.activeElement));
    let behind = !focused;
    for (const node of wanted) {
      if (node === focused) behind = true;
      else if (behind) this.parent.append(node);
      else this.parent.insertBefore(node, focused);
    }
  }
}
