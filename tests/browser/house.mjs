// house: a server of one's own, and people who vote in it.
//
// The binary is PLATEIA_BINARY; its database DATABASE_URL where that is set, else its embedded one.

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { cp, mkdtemp, readFile, chmod, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SECRET = "a secret that only these tests know";
const READY_MS = 60000;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until fn returns something true; raises after a while.
export async function until(what, fn, ms = 15000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await fn();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(50);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// A token as the server makes it: whoever has the secret may mint one.
function mint(id) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: String(id), iss: "plateia", aud: "plateia", iat: now, exp: now + 3600 };
  const head = `${encode({ alg: "HS256", kid: "k1", typ: "JWT" })}.${encode(claims)}`;
  return `${head}.${createHmac("sha256", SECRET).update(head).digest("base64url")}`;
}

export class House {
  // `more`: settings of its own
  static async build(more = {}) {
    const house = new House();
    house.more = more;
    house.folder = await mkdtemp(join(tmpdir(), "plateia-browser-"));
    await chmod(house.folder, 0o755); // PostgreSQL's user has its own folder in it
    house.scripts = join(house.folder, "scripts");
    await cp("scripts", house.scripts, { recursive: true });
    house.port = await freePort();
    house.adminPort = await freePort();
    house.url = `http://127.0.0.1:${house.port}`;
    house.adminUrl = `http://127.0.0.1:${house.adminPort}`;
    house.log = "";
    await house.open();
    return house;
  }

  environment() {
    return {
      PATH: process.env.PATH,
      LC_ALL: "C.UTF-8",
      DATABASE_URL: process.env.DATABASE_URL ?? "",
      PLATEIA_LISTEN: `127.0.0.1:${this.port}`,
      PLATEIA_ADMIN_LISTEN: `127.0.0.1:${this.adminPort}`,
      PLATEIA_DATA: join(this.folder, "data"),
      PLATEIA_SCRIPTS: this.scripts,
      PLATEIA_WORKERS: "2",
      PLATEIA_JWT_SECRET: SECRET,
      PLATEIA_HASH_MEMORY_KIB: "64",
      PLATEIA_HASH_PASSES: "1",
      PLATEIA_THROTTLE_SIGN_UP: "1000000",
      PLATEIA_THROTTLE_SIGN_IN: "1000000",
      PLATEIA_THROTTLE_SIGN_IN_ADDRESS: "1000000",
      ...this.more,
    };
  }

  async open() {
    const binary = process.env.PLATEIA_BINARY ?? "build/plateia";
    // It must not outlive us, even if we are killed.
    this.server = spawn("setpriv", ["--pdeathsig", "KILL", "--", binary, "serve"],
      { env: this.environment(), stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.server.stdout, this.server.stderr]) stream.on("data", (text) => (this.log += text));
    this.ended = new Promise((resolve) => this.server.on("exit", (code, signal) => resolve({ code, signal })));
    await until("the server is ready", () => {
      if (this.server.exitCode !== null) throw new Error(`the server ended:\n${this.log.slice(-3000)}`);
      return this.isReady();
    }, READY_MS);
  }

  async isReady() {
    const answer = await fetch(`${this.adminUrl}/ready`).catch(() => null);
    return answer?.status === 200;
  }

  // As an operator does it. Raises unless it ends well, and clean in the eyes of the sanitizers.
  async close() {
    this.server.kill("SIGTERM");
    const { code, signal } = await this.ended;
    if (code !== 0 || /Sanitizer|runtime error:/.test(this.log))
      throw new Error(`the server ended with ${code ?? signal}:\n${this.log.slice(-6000)}`);
  }

  async tearDown() {
    try {
      await this.close();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  async ask(method, path, { json, token } = {}) {
    const headers = {};
    if (json) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(this.url + path, { method, headers, body: json && JSON.stringify(json) });
    return { status: answer.status, body: await answer.json() };
  }

  async signUp(username, more = {}) {
    const { status, body } = await this.ask("POST", "/signup", { json: { username, password: "a long password", ...more } });
    if (status !== 201) throw new Error(`signing up ${username}: ${status}`);
    return mint(body.id);
  }

  people = 0;

  // So many people, each new, vote for the film.
  async vote(film, times = 1) {
    for (let i = 0; i < times; i++) {
      const token = await this.signUp(`guest${this.people++}`);
      const { status } = await this.ask("POST", `/vote/${film}`, { token });
      if (status !== 201) throw new Error(`a vote for ${film}: ${status}`);
    }
  }

  async film(title) {
    const { body } = await this.ask("GET", `/movies?limit=20&search=${encodeURIComponent(title)}`);
    return body.items.find((film) => film.title === title);
  }

  readScript = (path) => readFile(join(this.scripts, path), "utf8");
  writeScript = (path, text) => writeFile(join(this.scripts, path), text);
  removeScript = (path) => rm(join(this.scripts, path));
}
