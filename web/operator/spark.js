// spark: a small line of what a number has been, the last two minutes.

import { drawing } from "./dom.js";

const POINTS = 60;
const WIDTH = 120;
const HEIGHT = 32;

// Numbers that are none are gaps.
function pathOf(values, most) {
  const step = WIDTH / (POINTS - 1);
  const first = POINTS - values.length;
  let path = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return;
    }
    path += `${pen}${((first + index) * step).toFixed(1)} ${(HEIGHT - 1.5 - (HEIGHT - 3) * (value / most)).toFixed(1)}`;
    pen = "L";
  });
  return path;
}

export function spark() {
  const line = drawing("path", { class: "line" });
  const node = drawing("svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, line);
  return {
    node,
    draw(values, least = 0) {
      const shown = values.slice(-POINTS);
      const most = Math.max(least, ...shown.filter(Number.isFinite));
      line.setAttribute("d", most > 0 || shown.some(Number.isFinite) ? pathOf(shown, most || 1) : "");
    },
  };
}
