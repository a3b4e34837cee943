// app: introduces the parts of the page to each other. The shell has been painted before any of this runs.

import * as account from "./account.js";
import { byId } from "./dom.js";
import * as find from "./find.js";
import * as race from "./race.js";
import { follow } from "./stream.js";
import * as ticket from "./ticket.js";
import { language, say } from "./words.js";

function showState(state) {
  const node = byId("state");
  if (node.dataset.state === state) return;
  node.dataset.state = state;
  node.textContent = say(state);
}

for (const link of document.querySelectorAll(".languages a"))
  if (link.lang === language) link.setAttribute("aria-current", "true");

race.drawNow();
account.start();
ticket.start();
find.start();
follow(race.draw, showState);
