// openapi: the API's description, in the eyes of those who did not write it: a linter, and a client that is made of it.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { equal, house, it, newName } from "./cases.mjs";

const require = createRequire(`${resolve(process.env.PLATEIA_BROWSER ?? "build-browser")}/`);
const { createConfig, lintFromString } = require("@redocly/openapi-core");
const { OpenAPIClientAxios } = require("openapi-client-axios");

const described = async () => (await fetch(`${house.url}/openapi.json`)).text();

it("is described so that a linter has no word to say", async () => {
  const config = await createConfig({ extends: ["recommended"] });
  const said = await lintFromString({ source: await described(), absoluteRef: "/openapi.json", config });
  equal(said.map((one) => `${one.ruleId}: ${one.message} at ${one.location[0]?.pointer}`).join("\n"), "");
  const nonsense = await lintFromString({ source: '{"openapi": "3.1.0"}', absoluteRef: "/openapi.json", config });
  equal(nonsense.length > 0, true, "the linter is awake");
});

it("is described so that an example stands for every body and every answer", async () => {
  const { paths, components } = JSON.parse(await described());
  const missing = [];
  const look = (what, content = {}) => {
    for (const [kind, { example }] of Object.entries(content)) if (example === undefined) missing.push(`${what} ${kind}`);
  };
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { requestBody, responses }] of Object.entries(methods)) {
      look(`${method} ${path}`, requestBody?.content);
      for (const [status, { content }] of Object.entries(responses)) look(`${method} ${path} ${status}`, content);
    }
  for (const [name, { content }] of Object.entries(components.responses)) look(name, content);
  equal(missing.join("\n"), "");
});

// Everything but the names of the operations comes out of the description: paths, methods, media types, examples, how to sign in.
class Client {
  static async make() {
    const client = new Client();
    const api = new OpenAPIClientAxios({
      definition: JSON.parse(await described()),
      axiosConfigDefaults: { baseURL: house.url, validateStatus: () => true },
    });
    client.axios = await api.init();
    client.operations = api.getOperations();
    client.document = api.document;
    return client;
  }

  async call(name, parameters, body) {
    const { requestBody } = this.operations.find((one) => one.operationId === name);
    const [kind, { example } = {}] = Object.entries(requestBody?.content ?? {})[0] ?? [];
    const headers = { ...(kind && { "Content-Type": kind }), ...(this.token && { Authorization: `Bearer ${this.token}` }) };
    return this.axios[name](parameters, body && { ...example, ...body }, { headers });
  }

  // By the scheme that the operation names.
  async signIn(forOperation, username) {
    const [[scheme]] = this.operations.find((one) => one.operationId === forOperation).security.map(Object.keys);
    const { tokenUrl } = this.document.components.securitySchemes[scheme].flows.password;
    const { operationId } = this.operations.find((one) => one.path === tokenUrl && one.method === "post");
    const { status, data } = await this.call(operationId, null, { username });
    this.token = data.access_token;
    return status;
  }
}

it("is described so that a client made of it signs up, signs in, votes, and is refused a second vote", async () => {
  const client = await Client.make();
  const username = newName();
  equal((await client.call("sign_up", null, { username })).status, 201, "signing up");
  equal((await client.call("sign_up", null, { username })).status, 409, "the same name again");
  const { data: films } = await client.call("list_movies", { search: "Amadeus" });
  const vote = () => client.call("cast_vote", { movie_id: films.items[0].id });
  equal((await vote()).status, 401, "before signing in");
  equal(await client.signIn("cast_vote", username), 200, "signing in");
  const first = await vote();
  equal(first.status, 201, "the vote");
  equal(first.data.movie_id, films.items[0].id);
  const second = await vote();
  equal(second.status, 409, "the second vote");
  equal(Number.isNaN(Date.parse(second.data.next_vote_at)), false, "when the next one may be cast");
  equal((await client.call("cast_vote", { movie_id: 999999999 })).status, 404, "no such film");
});
