// account: the dialog for signing in and signing up. Signing up signs in as well.

import { ask, trouble } from "./api.js";
import { byId, show } from "./dom.js";
import { notice } from "./notice.js";
import * as session from "./session.js";
import { say } from "./words.js";

const dialog = byId("account");
const username = byId("username");
const password = byId("password");
const wrong = byId("account-wrong");
const send = byId("account-send");

const NAME_LENGTH = [3, 32];
const PASSWORD_LENGTH = [8, 128];

let isNew = false; // an account is to be made
let settle = null; // of whoever waits for this dialog

const length = (text) => [...text].length;
const within = (text, [least, most]) => length(text) >= least && length(text) <= most;

function draw() {
  byId("account-title").textContent = say(isNew ? "sign_up_title" : "sign_in_title");
  byId("account-other").textContent = say(isNew ? "to_sign_in" : "to_sign_up");
  send.textContent = say(isNew ? "sign_up" : "sign_in");
  byId("username-hint").textContent = isNew ? say("username_hint") : "";
  byId("password-hint").textContent = isNew ? say("password_hint") : "";
  password.autocomplete = isNew ? "new-password" : "current-password"; // so that password managers know what to do
  refuse(null);
}

// Says what is wrong, and leads to the field where it is.
function refuse(text, field) {
  wrong.textContent = text ?? "";
  for (const each of [username, password]) each.setAttribute("aria-invalid", String(each === field));
  field?.focus();
}

// What can be told without asking the server.
function check() {
  const name = username.value.trim();
  if (!(isNew ? within(name, NAME_LENGTH) : name)) return refuse(say("wrong_username"), username);
  if (!(isNew ? within(password.value, PASSWORD_LENGTH) : password.value))
    return refuse(say("wrong_password"), password);
  refuse(null);
  return name;
}

function refuseAnswer(answer) {
  const fields = Array.isArray(answer.body.detail) ? answer.body.detail.map((each) => each.loc?.at(-1)) : [];
  if (answer.status === 409) refuse(say("wrong_taken"), username);
  else if (answer.status === 401) refuse(say("wrong_sign_in"), password);
  else if (answer.status === 422 && fields.includes("password")) refuse(say("wrong_password"), password);
  else if (answer.status === 422) refuse(say("wrong_username"), username);
  else refuse(trouble(answer));
}

async function signIn(name) {
  const form = new URLSearchParams({ username: name, password: password.value });
  const answer = await ask("POST", "/token", { form });
  if (answer.status !== 200) return refuseAnswer(answer);
  session.begin(name, answer.body);
  notice(say("hello", { name }));
  dialog.close();
}

async function signUp(name) {
  const answer = await ask("POST", "/signup", { json: { username: name, password: password.value } });
  if (answer.status !== 201) return refuseAnswer(answer);
  isNew = false; // should signing in fail now, then it is that which is tried again
  draw();
  return signIn(name);
}

async function submit(event) {
  event.preventDefault();
  const name = check();
  if (!name || send.getAttribute("aria-busy") === "true") return;
  send.setAttribute("aria-busy", "true");
  await (isNew ? signUp(name) : signIn(name));
  send.removeAttribute("aria-busy");
}

// Opens the dialog; the promise tells, once it is closed, whether somebody is signed in now. `why` is a line on top.
export function open(why = null) {
  settle?.(false);
  isNew = false;
  draw();
  show(byId("account-why"), why);
  username.value = session.name() ?? username.value;
  dialog.showModal();
  (username.value ? password : username).focus();
  return new Promise((resolve) => {
    settle = resolve;
  });
}

// The session has ended: says so and asks to sign in again.
export function openAgain() {
  return open(say("session_over"));
}

function drawWho() {
  const name = session.name();
  show(byId("who-name"), name);
  byId("sign-out").hidden = !name;
  byId("sign-in").hidden = Boolean(name);
}

export function start() {
  byId("account-form").addEventListener("submit", submit);
  byId("account-close").addEventListener("click", () => dialog.close());
  byId("account-other").addEventListener("click", () => {
    isNew = !isNew;
    draw();
    (username.value ? password : username).focus();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // outside of it
  dialog.addEventListener("close", () => {
    if (dialog.open) return; // told late: it has been opened again since
    password.value = "";
    settle?.(session.token() !== null);
    settle = null;
  });
  byId("sign-in").addEventListener("click", () => open());
  byId("sign-out").addEventListener("click", () => {
    session.end();
    username.value = ""; // whoever comes next is somebody else
    notice(say("goodbye"));
    byId("sign-in").focus();
  });
  session.onChange(drawWho);
  drawWho();
}
