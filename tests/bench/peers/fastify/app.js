// The same service in JavaScript: Fastify and postgres.js, which pipelines; one process a worker.
//
//   PGHOST=... PGDATABASE=... JWT_SECRET=... PORT=8003 WORKERS=2 node app.js
//
// Something to measure against, written as its manuals teach it; not something to run.
import cluster from 'node:cluster';
import { scryptSync } from 'node:crypto';
import formBody from '@fastify/formbody';
import tokens from '@fastify/jwt';
import Fastify from 'fastify';
import postgres from 'postgres';

const { JWT_SECRET, PORT, WORKERS = '1' } = process.env;
const RANKING_LASTS = 300_000; // milliseconds
const UNIQUE = '23505', REFERENCE = '23503';

const integer = { type: 'integer' }, text = { type: 'string' };
const object = (properties) => ({ type: 'object', properties });
const Film = object({ id: integer, title: text, year: { type: 'integer', nullable: true } });
const Ranked = object({ rank: integer, id: integer, title: text, year: { type: 'integer', nullable: true }, votes: integer });
const list = (items) => object({ items: { type: 'array', items } });
const byId = object({ id: integer });
const account = { ...object({ username: text, password: text }), required: ['username', 'password'] };

const hashed = ({ username, password }) => scryptSync(password, username, 64, { N: 4096, r: 8, p: 1 }).toString('hex');

async function serve() {
  const sql = postgres({ max: 8, types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } } });
  const app = Fastify();
  await app.register(formBody);
  await app.register(tokens, { secret: JWT_SECRET });
  let ranking = null, madeAt = 0;

  app.post('/signup', { schema: { body: account } }, async ({ body }, reply) => {
    try {
      const [user] = await sql`INSERT INTO users (username, password) VALUES (${body.username}, ${hashed(body)})
                               RETURNING id, username`;
      return reply.code(201).send(user);
    } catch (error) {
      if (error.code === UNIQUE) return reply.code(409).send({ detail: 'this name is taken' });
      throw error;
    }
  });

  app.post('/token', { schema: { body: account } }, async ({ body }, reply) => {
    const [user] = await sql`SELECT id, password FROM users WHERE username = ${body.username}`;
    if (user?.password !== hashed(body)) return reply.code(401).send({ detail: 'wrong name or password' });
    return { access_token: app.jwt.sign({ sub: String(user.id) }, { expiresIn: 3600 }), token_type: 'bearer' };
  });

  const pages = { limit: { ...integer, default: 20 }, after: { ...integer, default: 0 } };
  app.get('/movies', { schema: { querystring: object(pages), response: { 200: list(Film) } } },
    async ({ query }) => ({
      items: await sql`SELECT id, title, year FROM movies WHERE id > ${query.after} ORDER BY id LIMIT ${query.limit}`,
    }));

  // As it is often written, to have numbers of bigints: ORDER BY then means the cast column, which no index has.
  app.get('/movies/cast', { schema: { querystring: object(pages), response: { 200: list(Film) } } },
    async ({ query }) => ({
      items: await sql`SELECT id::int, title, year::int FROM movies WHERE id > ${query.after} ORDER BY id
                       LIMIT ${query.limit}`,
    }));

  app.get('/movies/:id', { schema: { params: byId, response: { 200: Film } } }, async ({ params }, reply) => {
    const [film] = await sql`SELECT id, title, year FROM movies WHERE id = ${params.id}`;
    return film ?? reply.code(404).send({ detail: 'no such film' });
  });

  app.get('/movies/top', { schema: { response: { 200: list(Ranked) } } }, async () => {
    if (!ranking || Date.now() - madeAt > RANKING_LASTS) {
      const rows = await sql`SELECT m.id, m.title, m.year, count(*) AS votes FROM movies m JOIN votes v ON v.movie_id = m.id
                             GROUP BY m.id ORDER BY votes DESC, m.id LIMIT 10`;
      ranking = { items: rows.map((row, i) => ({ rank: i + 1, ...row })) };
      madeAt = Date.now();
    }
    return ranking;
  });

  const signedIn = async (request) => { await request.jwtVerify(); };
  app.post('/vote/:id', { onRequest: signedIn, schema: { params: byId } }, async ({ params, user }, reply) => {
    const month = new Date().toISOString().slice(0, 7);
    try {
      await sql`INSERT INTO votes (user_id, movie_id, month) VALUES (${user.sub}, ${params.id}, ${month + '-01'})`;
    } catch (error) {
      if (error.code === UNIQUE) return reply.code(409).send({ detail: 'you have voted this month' });
      if (error.code === REFERENCE) return reply.code(404).send({ detail: 'no such film' });
      throw error;
    }
    ranking = null;
    setImmediate(() => {}); // where a notification would be sent
    return reply.code(201).send({ movie_id: params.id, month });
  });

  await app.listen({ port: Number(PORT), host: '127.0.0.1' });
}

if (cluster.isPrimary && Number(WORKERS) > 1) {
  for (let i = 0; i < Number(WORKERS); i++) cluster.fork();
} else {
  await serve();
}
