import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ConnectionLimits } from '../../src/http/limits.ts';
import { type Serving, serving } from './serving.ts';

/** Requests taken from the socket itself must be answered as node:http answers them. */

const PATHS = ['/xcron/createTask', '/v1/tasks', '/xcron/deleteTask'];
const BODIES: readonly string[] = [
  '{"type":1,"format":"@daily","callback":{"url":"https://example.com/","body":{"é":"\\u00e9"}}}',
  '{"schedule":"@daily","name":"Zoë","callback":{"url":"https://example.com/ü","headers":{"X-A":"1"}}}',
  '{"schedule":"@daily","callback":{"url":"http://169.254.169.254/"}}',
  '{"schedule":"@never","callback":{"url":"https://example.com/"}}',
  '{"type":3,"format":"@daily","callback":{"url":"https://example.com/"}}',
  '{"task_id":1}',
  '{"task_id":"x"}',
  '{"schedule":',
  '[]',
  'null',
  '"\xff"',
  '{}',
];

async function listening(
  run: (port: number, at: Serving) => Promise<void>,
  connectionLimits: Partial<ConnectionLimits> = {},
  token: string | null = null,
): Promise<void> {
  const at = serving({ connectionLimits, token });
  const { port } = await at.http.listen('127.0.0.1', 0);
  try {
    await run(port, at);
  } finally {
    await at.http.close();
  }
}

const request = (path: string, body: Buffer, lines = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${lines}content-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);

/** One answer, on a connection of its own. */
async function answerTo(port: number, ...parts: readonly Buffer[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(socket, 'connect');
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (;;) {
    const [head = '', body] = text.split('\r\n\r\n');
    const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
    if (body !== undefined && Buffer.byteLength(body) >= length) break;
    await once(socket, 'data');
  }
  socket.destroy();
  return text;
}

/** What differs from request to request. */
const sameAs = (text: string): string =>
  text.replace(/"uuid":"[^"]+"|"(?:task_)?id":"\d+"|Date: [^\r]+|\/v1\/tasks\/\d+|content-length: \d+/g, '…');

const REFUSED: readonly string[] = ['a wrong token', 'a foreign page'];
for (const [name, lines, token] of [
  ['anybody', '', null],
  ['a token', 'Authorization: Bearer abc\r\n', 'abc'],
  ['a wrong token', 'Authorization: Bearer abd\r\n', 'abc'],
  ['a key', 'Idempotency-Key: k1\r\n', null],
  ['a foreign page', 'Origin: https://evil.example\r\n', null],
] as const) {
  test(`${name}: each answer is the same, to the byte, whichever way it was taken`, () =>
    listening(
      async (port, { node }) => {
        for (const path of PATHS)
          for (const body of BODIES) {
            const whole = request(path, Buffer.from(body, body.includes('\xff') ? 'latin1' : 'utf8'), lines);
            // In two parts it is no longer plain.
            const slow = await answerTo(port, whole.subarray(0, -1), whole.subarray(-1));
            const direct = await answerTo(port, whole);
            if (name === 'a key') assert.equal(direct.slice(0, 12), slow.slice(0, 12));
            else assert.equal(sameAs(direct), sameAs(slow), `${path} ${body}`);
          }
        assert.equal(node.submitted.length > 0, !REFUSED.includes(name));
      },
      {},
      token,
    ));
}

test('what is not plain, between two that are, is served on the same connection', () =>
  listening(async (port, { node }) => {
    const good = request('/xcron/createTask', Buffer.from(BODIES[0] ?? ''));
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    const told = async (count: number): Promise<void> => {
      while (text.split('"code":0').length <= count) await once(socket, 'data');
    };
    socket.write(good);
    await told(1);
    socket.write(good);
    await told(2);
    // Two at once, and the half of a third.
    socket.write(Buffer.concat([good, good, good.subarray(0, 50)]));
    await told(4);
    socket.write(good.subarray(50));
    await told(5);
    socket.destroy();
    assert.equal(node.tasks.size, 5);
  }));

test('a request that comes before the answer to the one ahead waits for its turn', () =>
  listening(async (port, { node }) => {
    let answer = (): void => {};
    const { submit } = node;
    const asked = new Promise<void>((resolve) => {
      node.submit = async (command, by) => {
        node.submit = submit;
        resolve();
        await new Promise<void>((done) => {
          answer = done;
        });
        return submit(command, by);
      };
    });
    const good = request('/xcron/createTask', Buffer.from(BODIES[0] ?? ''));
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.write(good);
    await asked;
    socket.write(good.subarray(0, 40));
    await answerTo(port, request('/v1/tasks', Buffer.from(BODIES[1] ?? '')));
    socket.write(good.subarray(40));
    await answerTo(port, request('/v1/tasks', Buffer.from(BODIES[1] ?? '')));
    assert.equal(text, '');
    answer();
    while (text.split('"code":0').length < 3) await once(socket, 'data');
    socket.destroy();
    assert.equal(node.tasks.size, 4);
  }));

test('a connection that says nothing is told so, and one that idles is ended', () =>
  listening(
    async (port) => {
      const silent = connect(port, '127.0.0.1');
      let text = '';
      silent.on('data', (chunk) => {
        text += String(chunk);
      });
      const idle = connect(port, '127.0.0.1');
      idle.write(request('/xcron/createTask', Buffer.from(BODIES[0] ?? '')));
      idle.resume();
      await Promise.all([once(silent, 'close'), once(idle, 'close')]);
      assert.match(text, /^HTTP\/1\.1 408 /);
    },
    { headMs: 100, requestMs: 200, keepAliveMs: 100 },
  ));
