// mend: attributes that what Swagger UI draws lacks for those who do not see it, or have no mouse.

const operation = (node) => node.closest(".opblock").querySelector(".opblock-summary-path").textContent.trim();

const lacking = [
  [".responses-table[role=region]", "aria-label", (table) => `Answers of ${operation(table)}`],
  ["tr[data-param-name] :is(input, select, textarea)", "aria-label", (field) => field.closest("tr").dataset.paramName],
  ["pre.microlight", "tabindex", () => "0"], // it scrolls
  [".auth-container h6", "aria-level", () => "5"], // below an h4
  ["div.copy-to-clipboard", "role", () => "group"], // it has a label
];

function mend(box) {
  for (const [selector, name, value] of lacking)
    for (const node of box.querySelectorAll(`${selector}:not([${name}])`)) node.setAttribute(name, value(node));
}

// Whatever is drawn in the box, now and later.
export function keepMended(box) {
  new MutationObserver(() => mend(box)).observe(box, { childList: true, subtree: true });
}
