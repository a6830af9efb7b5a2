import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { test } from 'node:test';
import type { CallbackOutcome } from '../../src/dispatch/callback.ts';
import type { Lookup } from '../../src/dispatch/guarded-lookup.ts';
import { selfSigned } from './self-signed.ts';
import { callback, loopbackGuard, outcomeOf, senderFor } from './sending.ts';
import { httpTarget, listen, rawTarget } from './targets.ts';

const resolves =
  (...addresses: string[]): Lookup =>
  (_hostname, _options, found) =>
    setImmediate(
      found,
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

function assertBlocked(outcome: CallbackOutcome): void {
  assert.ok(outcome.kind === 'error', JSON.stringify(outcome));
  assert.equal(outcome.error, 'blocked_address', outcome.detail);
  assert.equal(outcome.sent, false);
}

test('a literal host is refused in every spelling, though no lookup ever sees it', async (t) => {
  const target = await rawTarget(t, () => {});
  const sender = senderFor(t, { guard: loopbackGuard(false), lookup: () => assert.fail('looked up') });
  for (const host of [
    '127.0.0.1',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '0',
    'localhost',
    '[::1]',
    '169.254.169.254',
  ]) {
    assertBlocked(await outcomeOf(sender, callback(`http://${host}:${target.port}/`)));
  }
  assert.equal(target.connections(), 0);
  assert.equal(sender.counts.connections, 0);
});

test("by the system's resolver: localhost, where it is allowed", async (t) => {
  const target = await httpTarget(t);
  const outcome = await outcomeOf(senderFor(t), callback(`http://localhost:${target.port}/`));
  assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
});

test('a name that resolves to a guarded address is refused', async (t) => {
  const target = await rawTarget(t, () => {});
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254', '64:ff9b::a9fe:a9fe', '0.0.0.0']) {
    const sender = senderFor(t, { guard: loopbackGuard(false), lookup: resolves(address) });
    assertBlocked(await outcomeOf(sender, callback(`http://rebound.example:${target.port}/`)));
  }
  assert.equal(target.connections(), 0);
});

test('a name is judged at each connect: what it meant a moment ago does not count', async (t) => {
  const target = await httpTarget(t, (_request, response) => response.setHeader('connection', 'close').end());
  let guarded = false;
  const lookup: Lookup = (hostname, options, found) =>
    resolves(guarded ? '169.254.169.254' : '127.0.0.1')(hostname, options, found);
  const sender = senderFor(t, { lookup });
  const url = `http://rebound.example:${target.port}/`;
  assert.equal((await outcomeOf(sender, callback(url))).kind, 'response');
  assert.equal(target.received[0]?.headers.host, `rebound.example:${target.port}`);
  guarded = true;
  assertBlocked(await outcomeOf(sender, callback(url)));
});

test('of several addresses only the allowed are tried', async (t) => {
  const target = await httpTarget(t);
  const sender = senderFor(t, { lookup: resolves('169.254.169.254', '127.0.0.1', 'fe80::1') });
  assert.equal((await outcomeOf(sender, callback(`http://several.example:${target.port}/`))).kind, 'response');
});

test("the cluster's own ports, by literal and by name", async (t) => {
  const target = await httpTarget(t);
  const guard = loopbackGuard(true, [{ host: '127.0.0.1', port: target.port }]);
  const sender = senderFor(t, { guard, lookup: resolves('127.0.0.1') });
  for (const host of ['127.0.0.1', 'localhost', 'self.example', '[::ffff:7f00:1]', '0']) {
    assertBlocked(await outcomeOf(sender, callback(`http://${host}:${target.port}/`)));
  }
  assert.equal(target.received.length, 0);
});

test('the peer of the connected socket is judged too', async (t) => {
  const target = await rawTarget(t, () => {});
  // A guard that changes its mind between the lookup and the connect stands for whatever could make them differ.
  const [strict, open] = [loopbackGuard(false), loopbackGuard(true)];
  let asked = 0;
  const guard = {
    rules: () => {
      asked += 1;
      return asked <= 2 ? open.rules() : strict.rules();
    },
  };
  const sender = senderFor(t, { guard, lookup: resolves('127.0.0.1') });
  assertBlocked(await outcomeOf(sender, callback(`http://late.example:${target.port}/`)));
  assert.equal(target.bytes(), '');
});

test('one lookup serves all who wait for the same name', async (t) => {
  const target = await httpTarget(t);
  let lookups = 0;
  let answer: (() => void) | null = null;
  const lookup: Lookup = (hostname, options, found) => {
    lookups += 1;
    answer = () => resolves('127.0.0.1')(hostname, options, found);
  };
  const sender = senderFor(t, { lookup });
  const outcomes = Array.from({ length: 20 }, () => outcomeOf(sender, callback(`http://slow.example:${target.port}/`)));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(lookups, 1);
  (answer as (() => void) | null)?.();
  for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.kind, 'response');
});

test('a lookup that hangs ends at the connect deadline, and others are not affected', async (t) => {
  const target = await httpTarget(t);
  const lookup: Lookup = (hostname, options, found) => {
    if (hostname === 'fine.example') resolves('127.0.0.1')(hostname, options, found);
  };
  const sender = senderFor(t, { lookup });
  const timeouts = { connectMs: 60, headersMs: 5_000, totalMs: 5_000 };
  const hanging = outcomeOf(sender, callback('http://hangs.example/', { timeouts }));
  assert.equal((await outcomeOf(sender, callback(`http://fine.example:${target.port}/`))).kind, 'response');
  const outcome = await hanging;
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.error, 'connect_timeout');
  assert.equal(outcome.sent, false);
  assert.equal(sender.counts.connections, 1);
});

test('https, with the name in SNI', async (t) => {
  const { key, cert } = selfSigned('hook.example');
  const names: string[] = [];
  const bodies: string[] = [];
  const server = createTlsServer({ key, cert }, (request, response) => {
    request.setEncoding('utf8').on('data', (chunk) => bodies.push(chunk));
    request.on('end', () => response.end());
  });
  server.on('secureConnection', (socket) => names.push(String(socket.servername)));
  const { port } = await listen(t, server);
  const sender = senderFor(t, { lookup: resolves('127.0.0.1'), ca: cert });
  for (let n = 0; n < 3; n += 1) {
    const outcome = await outcomeOf(sender, callback(`https://hook.example:${port}/`, { body: '{"a":1.0}' }));
    assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
  }
  assert.deepEqual(names, ['hook.example']);
  assert.deepEqual(bodies, ['{"a":1.0}', '{"a":1.0}', '{"a":1.0}']);

  const cases = [
    { name: 'other.example', trusted: { ca: cert }, why: /altnames|does not match/i },
    { name: 'hook.example', trusted: {}, why: /self-signed/i },
  ];
  for (const { name, trusted, why } of cases) {
    const outcome = await outcomeOf(
      senderFor(t, { lookup: resolves('127.0.0.1'), ...trusted }),
      callback(`https://${name}:${port}/`),
    );
    assert.ok(outcome.kind === 'error', JSON.stringify(outcome));
    assert.equal(outcome.error, 'tls_failed');
    assert.match(outcome.detail, why);
    assert.equal(outcome.sent, false);
  }
  assert.equal(bodies.length, 3);
});

test('https to a server that speaks no TLS, or says nothing', async (t) => {
  const plain = await httpTarget(t);
  const sender = senderFor(t, { lookup: resolves('127.0.0.1') });
  const failed = await outcomeOf(sender, callback(`https://hook.example:${plain.port}/`));
  assert.ok(failed.kind === 'error');
  assert.equal(failed.error, 'tls_failed');
  let closed = false;
  const silent = await rawTarget(t, (socket) => {
    socket.on('close', () => {
      closed = true;
    });
  });
  const timeouts = { connectMs: 100, headersMs: 5_000, totalMs: 5_000 };
  const outcome = await outcomeOf(sender, callback(`https://hook.example:${silent.port}/`, { timeouts }));
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.error, 'connect_timeout');
  assert.equal(outcome.sent, false);
  while (!closed) await new Promise((resolve) => setImmediate(resolve));
});
