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

// Shows the text in an element, or hides it where there is none.
export function show(node, text) {
  node.textContent = text ?? "";
  node.hidden = !text;
}
