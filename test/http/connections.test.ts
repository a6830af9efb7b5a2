import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { ConnectionLimits } from '../../src/http/limits.ts';
import { type Serving, serving } from './serving.ts';

/** What needs a socket: keep-alive, malformed HTTP, closing. */

interface Client {
  readonly socket: Socket;
  send(text: string | Buffer): void;
  /** Resolves when all that has come matches. */
  until(pattern: RegExp): Promise<string>;
  ended(): Promise<string>;
}

async function open(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  return {
    socket,
    send: (sent) => void socket.write(sent),
    async until(pattern) {
      while (!pattern.test(text)) {
        assert.ok(!socket.closed, `closed after ${text}`);
        await Promise.race([once(socket, 'data'), closed]);
      }
      return text;
    },
    async ended() {
      await closed;
      return text;
    },
  };
}

async function listening(
  run: (at: Serving & { readonly port: number }) => Promise<void>,
  connectionLimits: Partial<ConnectionLimits> = {},
): Promise<void> {
  const at = serving({ connectionLimits });
  const { port, host } = await at.http.listen('127.0.0.1', 0);
  assert.equal(host, '127.0.0.1');
  try {
    await run({ ...at, port });
  } finally {
    await at.http.close();
  }
}

const GET = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n';
const LIVE = /200 OK[\s\S]*\{"live":true\}$/;
const BODY = '{"type":1,"format":"@daily","callback":{"url":"https://example.com/"}}';
const post = (body: string, length = body.length): string =>
  `POST /xcron/createTask HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;

test('a connection serves one request after another, bad ones among them', () =>
  listening(async ({ port }) => {
    const client = await open(port);
    client.send(GET);
    await client.until(LIVE);
    client.send(post(BODY));
    await client.until(/"code":0,"data":\{"task_id":"\d+"\}\}$/);
    client.send(post(BODY.replace('1', '9')));
    await client.until(/"code":1020,[^}]*\}$/);
    client.send(post(BODY) + post(BODY));
    const text = await client.until(/(?:"code":0[\s\S]*){3}$/);
    assert.doesNotMatch(text, /connection: close/i);
  }));

test('a body that comes byte by byte is read as one', () =>
  listening(async ({ port, node }) => {
    const client = await open(port);
    const body = BODY.replace('daily"', 'daily"').replace('example.com/', 'example.com/é');
    const bytes = Buffer.from(post(body, Buffer.byteLength(body)));
    for (let at = 0; at < bytes.length; at += 7) {
      client.send(bytes.subarray(at, at + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(/"code":0/);
    assert.equal([...node.tasks.values()][0]?.definition.callback.url, 'https://example.com/é');
  }));

const malformed: readonly (readonly [string, string, RegExp])[] = [
  ['nonsense', 'nonsense\r\n\r\n', /^HTTP\/1\.1 400 [\s\S]*"http_malformed"/],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00', /^HTTP\/1\.1 400 [\s\S]*"http_malformed"/],
  ['a header with a blank', 'GET / HTTP/1.1\r\nho st: x\r\n\r\n', /^HTTP\/1\.1 400 [\s\S]*"http_malformed"/],
  [
    'two lengths',
    `${post('{}').replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n')}`,
    /^HTTP\/1\.1 400 [\s\S]*"http_malformed"/,
  ],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a large head',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 [\s\S]*"head_too_large"/,
  ],
  ['no Host', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
  [
    'a foreign Host',
    'GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
    /^HTTP\/1\.1 403 [\s\S]*"host_refused"/,
  ],
];
for (const [name, sent, expected] of malformed) {
  test(`${name} is answered cleanly, and the connection ends`, () =>
    listening(async ({ port, node }) => {
      const client = await open(port);
      client.send(sent);
      assert.match(await client.ended(), expected);
      assert.equal(node.submitted.length, 0);
      const another = await open(port);
      another.send(GET);
      await another.until(LIVE);
    }));
}

test('a body that is too large is refused by its length, before it is sent', () =>
  listening(async ({ port }) => {
    const client = await open(port);
    client.send(post('', 10_000_000));
    const text = await client.until(/"code":1030/);
    assert.match(text, /connection: close/i);
  }));

test('closing ends idle connections, answers what is in hand, and takes nothing new', async () => {
  const at = serving();
  const { port } = await at.http.listen('127.0.0.1', 0);
  const idle = await open(port);
  idle.send(GET);
  await idle.until(LIVE);
  const fresh = await open(port);
  const busy = await open(port);
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    const { submit } = at.node;
    at.node.submit = async (command, by) => {
      resolve();
      await new Promise<void>((done) => {
        answer = done;
      });
      return submit(command, by);
    };
  });
  busy.send(post(BODY));
  await asked;
  const closed = at.http.close();
  await idle.ended();
  const refused = connect(port, '127.0.0.1');
  const [error] = await once(refused, 'error');
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  answer();
  const text = await busy.ended();
  assert.match(text, /"code":0/);
  assert.match(text, /connection: close/i);
  fresh.socket.destroy();
  await closed;
  await at.http.close();
});

test('who drips a request is told that it came too slowly', () =>
  listening(
    async ({ port }) => {
      const [head, body] = [await open(port), await open(port)];
      head.send('GET /livez HTTP/1.1\r\nhost: loc');
      body.send(post(BODY, 1_000));
      for (const client of [head, body]) {
        assert.match(await client.ended(), /^HTTP\/1\.1 408 [\s\S]*"request_timeout"/);
      }
    },
    { headMs: 200, requestMs: 400 },
  ));

test('one connection too many is told so, and the others are served', () =>
  listening(
    async ({ port }) => {
      const kept = [await open(port), await open(port)];
      for (const client of kept) client.send(GET);
      for (const client of kept) await client.until(LIVE);
      const refused = await open(port);
      assert.match(await refused.ended(), /^HTTP\/1\.1 503 [\s\S]*"too_many_connections"/);
      kept[0]?.socket.destroy();
      await kept[0]?.ended();
      let served = false;
      while (!served) {
        const next = await open(port);
        next.send(GET);
        served = LIVE.test(await Promise.race([next.until(LIVE), next.ended()]).catch(() => ''));
      }
    },
    { openMax: 2 },
  ));

test('who asks, and ends its side at once, is answered what can be said at once, however many come with it', () =>
  listening(async ({ port }) => {
    const answers = Array.from({ length: 20 }, async () => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.end(GET);
      await once(socket, 'close');
      return LIVE.test(text);
    });
    assert.ok((await Promise.all(answers)).every((isAnswered) => isAnswered));
  }));

test('a close does not wait for ever', async () => {
  const at = serving({ connectionLimits: { closeGraceMs: 100 } });
  const { port } = await at.http.listen('127.0.0.1', 0);
  const stuck = await open(port);
  const asked = new Promise<void>((resolve) => {
    at.node.submit = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  stuck.send(post(BODY));
  await asked;
  await at.http.close();
  await stuck.ended();
});

test('more headers than are allowed are refused, not cut', () =>
  listening(async ({ port }) => {
    const client = await open(port);
    const headers = Array.from({ length: 150 }, (_, n) => `x-${n}: 1\r\n`).join('');
    client.send(`GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n`);
    assert.match(await client.ended(), /^HTTP\/1\.1 431 [\s\S]*"head_too_large"/);
  }));

test('a port that is taken is an error, not a crash', () =>
  listening(async ({ port }) => {
    const second = serving();
    await assert.rejects(second.http.listen('127.0.0.1', port), { code: 'EADDRINUSE' });
    await second.http.close();
  }));
