import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { fastify } from 'fastify';

/**
 * The ceiling that createTask is held against: the bare path of an acknowledged write. HTTP in, one SQLite FULL commit a turn with a
 * row for each request that waits, answer. No consensus, no tasks, no validation but JSON, no index but the key. Prints its port.
 */
const directory = mkdtempSync(join(tmpdir(), 'xcron-bare-'));
const database = new Database(join(directory, 'log.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.pragma('wal_autocheckpoint = 0');
database.exec('CREATE TABLE entries (idx INTEGER PRIMARY KEY, data TEXT NOT NULL)');
database.exec('CREATE TABLE grow (data BLOB)');
database.prepare('INSERT INTO grow VALUES (zeroblob(?))').run(16 * 1_024 * 1_024);
database.exec('DELETE FROM grow');
database.pragma('wal_checkpoint(RESTART)');
const insertOne = database.prepare('INSERT INTO entries (data) VALUES (?)');
const insertAll = database.transaction((bodies: readonly string[]) => {
  for (const body of bodies) insertOne.run(body);
});
const CHECKPOINT_TURNS = 200;

let waiting: { body: string; answer: (text: string) => void }[] = [];
let turns = 0;
let taskId = 0;

function turn(): void {
  const taken = waiting;
  waiting = [];
  // Told to stop with requests in hand, which the end of a load leaves.
  if (!database.open) return;
  insertAll(taken.map(({ body }) => body));
  for (const { answer } of taken) {
    taskId += 1;
    answer(`{"uuid":"0","code":0,"data":{"task_id":"${taskId}"}}`);
  }
  turns += 1;
  if (turns % CHECKPOINT_TURNS === 0) database.pragma('wal_checkpoint(PASSIVE)');
}

const take = (body: string, answer: (text: string) => void): void => {
  if (waiting.push({ body, answer }) === 1) setImmediate(turn);
};

/** `node:http` alone, or `fastify` as the product has it: its routing, its body parsing, a schema. */
async function serverOf(http: string): Promise<Server> {
  if (http === 'fastify') {
    const app = fastify();
    const schema = {
      body: { type: 'object', required: ['type', 'format', 'callback'], properties: { format: { type: 'string' } } },
    };
    app.post('/xcron/createTask', { schema }, (request, reply) => {
      take(JSON.stringify(request.body), (text) => reply.type('application/json').send(text));
    });
    await app.ready();
    return app.server;
  }
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      JSON.parse(body);
      take(body, (text) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
        response.end(text);
      });
    });
  });
}

const server = await serverOf(process.argv[2] ?? 'node:http');
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 }));
});
process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
  database.close();
  rmSync(directory, { recursive: true });
  process.exitCode = 0;
});
