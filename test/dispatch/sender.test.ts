import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from '../../src/invariant.ts';
import { callback, outcomeOf, senderFor, until } from './sending.ts';
import { httpTarget, rawTarget } from './targets.ts';

test('the body goes out byte for byte, with the callback headers', async (t) => {
  const target = await httpTarget(t);
  const sender = senderFor(t);
  const body = '{ "2":1, "1":2, "k":3, "k":4, "id":289057701458138645, "s":"\\u00e9", "t":"é😀", "a":1.0 }\n';
  const outcome = await outcomeOf(sender, callback(target.url, { body, headers: { 'X-Mine': 'yes' }, attempt: 3 }));
  assert.equal(outcome.kind, 'response');
  assert.equal(outcome.kind === 'response' && outcome.status, 200);
  const [got] = target.received;
  assert.deepEqual(got?.body, Buffer.from(body, 'utf8'));
  assert.equal(got?.method, 'POST');
  assert.equal(got?.path, '/hook');
  const headers = got?.headers ?? {};
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
  assert.equal(headers['x-mine'], 'yes');
  assert.equal(headers['user-agent'], 'xcron/test');
  assert.match(String(headers['webhook-id']), /^execution-/);
  assert.ok(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000) < 5);
  assert.equal(headers['xcron-task-id'], '289057701458138645');
  assert.equal(headers['xcron-scheduled-at'], '2026-01-02T03:04:05.006Z');
  assert.equal(headers['xcron-attempt'], '3');
  assert.equal(headers['xcron-term'], '7');
});

test('a large body, no body, and every method', async (t) => {
  const target = await httpTarget(t);
  const sender = senderFor(t);
  const large = 'é'.repeat(500_000);
  await outcomeOf(sender, callback(target.url, { body: large }));
  assert.equal(target.received[0]?.body.toString('utf8'), large);
  for (const method of ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const) {
    const outcome = await outcomeOf(sender, callback(target.url, { method, body: null }));
    assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
    const got = target.received.at(-1);
    assert.equal(got?.method, method);
    assert.equal(got?.body.length, 0);
    assert.equal(got?.headers['content-type'], undefined);
  }
});

test('what may not be sent any more leaves no byte', async (t) => {
  let closed = false;
  const target = await rawTarget(t, (socket) => {
    socket.on('close', () => {
      closed = true;
    });
  });
  const sender = senderFor(t);
  const outcome = await outcomeOf(sender, callback(target.url), () => false);
  assert.deepEqual(outcome, { kind: 'withheld', reason: 'may_not_send' });
  await until('the connection is closed, and with it all that could come', () => closed);
  assert.equal(target.bytes(), '');
  assert.equal(sender.inFlight, 0);
});

test('on a kept connection too', async (t) => {
  const target = await rawTarget(t, (socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  });
  const sender = senderFor(t);
  await outcomeOf(sender, callback(target.url, { body: 'one' }));
  assert.equal(sender.counts.idleConnections, 1);
  assert.equal((await outcomeOf(sender, callback(target.url, { body: 'two' }), () => false)).kind, 'withheld');
  await outcomeOf(sender, callback(target.url, { body: 'three' }));
  assert.equal(target.bytes().match(/POST/g)?.length, 2);
  assert.ok(!target.bytes().includes('two'));
});

test('the test is made when the connection is there, not when the attempt is given', async (t) => {
  const target = await httpTarget(t);
  const sender = senderFor(t);
  let allowed = true;
  const outcome = outcomeOf(sender, callback(target.url), () => allowed);
  allowed = false;
  assert.equal((await outcome).kind, 'withheld');
  assert.equal(target.received.length, 0);
});

test('a redirect is an answer and is not followed', async (t) => {
  const elsewhere = await httpTarget(t);
  const target = await httpTarget(t, (_request, response) => {
    response.writeHead(307, { location: elsewhere.url, 'retry-after': '7' }).end('over there');
  });
  const outcome = await outcomeOf(senderFor(t), callback(target.url));
  assert.equal(outcome.kind, 'response');
  assert.ok(outcome.kind === 'response');
  assert.equal(outcome.status, 307);
  assert.equal(outcome.retryAfterMs, 7_000);
  assert.equal(outcome.excerpt, 'over there');
  assert.equal(elsewhere.received.length, 0);
});

test('connections are kept, and one attempt has one key', async (t) => {
  const target = await httpTarget(t);
  const sender = senderFor(t);
  for (let n = 0; n < 5; n += 1) await outcomeOf(sender, callback(target.url));
  assert.equal(target.sockets(), 1);
  const request = callback(target.url);
  const first = outcomeOf(sender, request);
  assert.throws(
    () =>
      sender.send(
        request,
        () => true,
        () => {},
      ),
    InvariantBroken,
  );
  await first;
});
