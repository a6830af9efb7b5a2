import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallbackOutcome } from '../../src/dispatch/callback.ts';
import { checkLimits, SENDER_LIMITS } from '../../src/dispatch/limits.ts';
import type { Sender } from '../../src/dispatch/sender.ts';
import { createWaitingLines } from '../../src/dispatch/waiting-line.ts';
import { InvariantBroken } from '../../src/invariant.ts';
import { callback, outcomeOf, senderFor, until } from './sending.ts';
import { httpTarget, rawTarget } from './targets.ts';

/** A target that answers when it is told to. */
async function heldTarget(t: Parameters<typeof httpTarget>[0]) {
  const held: ServerResponse[] = [];
  const target = await httpTarget(t, (_request, response) => held.push(response));
  return { ...target, held };
}

const sendMany = (sender: Sender, url: string, count: number): Promise<CallbackOutcome>[] =>
  Array.from({ length: count }, () => outcomeOf(sender, callback(url)));

const kinds = (outcomes: readonly CallbackOutcome[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const kind = outcome.kind === 'withheld' ? outcome.reason : outcome.kind === 'error' ? outcome.error : outcome.kind;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
};

test('one target that hangs holds its own places and nobody else waits', async (t) => {
  const hanging = await rawTarget(t, () => {});
  const quick = await Promise.all(Array.from({ length: 10 }, () => httpTarget(t)));
  const sender = senderFor(t);
  const stuck = sendMany(sender, hanging.url, 200);
  const rest = quick.flatMap((target) => sendMany(sender, target.url, 20));
  assert.deepEqual(kinds(await Promise.all(rest)), { response: 200 });
  await until('the hanging target has its connections', () => hanging.connections() === 64);
  assert.equal(sender.counts.sending, 64);
  assert.equal(sender.counts.waiting, 136);
  await sender.close(0);
  assert.deepEqual(kinds(await Promise.all(stuck)), { cancelled: 64, closed: 136 });
});

test('a target never has more connections than its bound, and its line moves', async (t) => {
  const target = await heldTarget(t);
  const sender = senderFor(t, { limits: { perTargetMax: 3 } });
  const outcomes = sendMany(sender, target.url, 10);
  for (let answered = 0; answered < 10; answered += 1) {
    await until('a request is held', () => target.held.length > 0);
    assert.ok(sender.counts.sending <= 3 && sender.counts.connections <= 3);
    target.held.shift()?.end();
  }
  assert.deepEqual(kinds(await Promise.all(outcomes)), { response: 10 });
  assert.equal(target.sockets(), 3);
});

test('at its bounds: a target is withheld, a caller that overdoes it throws', async (t) => {
  const target = await heldTarget(t);
  const other = await heldTarget(t);
  const sender = senderFor(t, { limits: { inFlightMax: 4, perTargetMax: 2, perTargetAcceptedMax: 3, acceptedMax: 5 } });
  const accepted = sendMany(sender, target.url, 3);
  assert.deepEqual(await outcomeOf(sender, callback(target.url)), { kind: 'withheld', reason: 'target_line_full' });
  accepted.push(...sendMany(sender, other.url, 2));
  assert.equal(sender.inFlight, 5);
  assert.throws(
    () =>
      sender.send(
        callback(other.url),
        () => true,
        () => {},
      ),
    InvariantBroken,
  );
  await until('four are in flight', () => target.held.length + other.held.length === 4);
  await sender.close(0);
  assert.deepEqual(kinds(await Promise.all(accepted)), { cancelled: 4, closed: 1 });
});

test('who waits too long is withheld, and not sent later', async (t) => {
  const target = await heldTarget(t);
  const sender = senderFor(t, { limits: { perTargetMax: 1, waitMsMax: 40 } });
  const first = outcomeOf(sender, callback(target.url));
  const second = outcomeOf(sender, callback(target.url));
  assert.deepEqual(await second, { kind: 'withheld', reason: 'waited_too_long' });
  await until('the first is there', () => target.held.length === 1);
  target.held[0]?.end();
  assert.equal((await first).kind, 'response');
  assert.equal(target.received.length, 1);
});

test('withheld by its caller: what waits, and nothing else', async (t) => {
  const target = await heldTarget(t);
  const sender = senderFor(t, { limits: { perTargetMax: 1 } });
  const [flying, waiting] = [callback(target.url), callback(target.url)];
  const outcomes = [flying, waiting].map((request) => outcomeOf(sender, request));
  await until('the first is there', () => target.held.length === 1);
  for (const key of [flying.key, waiting.key, waiting.key, 'unknown']) sender.withhold(key);
  assert.deepEqual(await outcomes[1], { kind: 'withheld', reason: 'may_not_send' });
  sender.withhold(waiting.key);
  assert.equal(sender.inFlight, 1);
  target.held[0]?.end();
  assert.equal((await outcomes[0])?.kind, 'response');
  assert.equal(target.received.length, 1);
});

test('cancel: waiting, connecting, in flight, unknown', async (t) => {
  const target = await heldTarget(t);
  const sender = senderFor(t, { limits: { perTargetMax: 1 }, lookup: () => {} });
  const [flying, waiting, connecting] = [callback(target.url), callback(target.url), callback('http://never.example/')];
  const outcomes = [flying, waiting, connecting].map((request) => outcomeOf(sender, request));
  await until('the first is there', () => target.held.length === 1);
  for (const { key } of [waiting, connecting, flying]) sender.cancel(key);
  sender.cancel(flying.key);
  sender.cancel('unknown');
  const [ofFlying, ofWaiting, ofConnecting] = await Promise.all(outcomes);
  assert.deepEqual(ofWaiting, { kind: 'withheld', reason: 'cancelled' });
  assert.deepEqual(ofConnecting, { kind: 'withheld', reason: 'cancelled' });
  assert.ok(ofFlying?.kind === 'error' && ofFlying.error === 'cancelled' && ofFlying.sent);
  assert.deepEqual(sender.counts, { sending: 0, waiting: 0, targets: 0, connections: 0, idleConnections: 0 });
  await until('the target saw the end', () => target.held[0]?.destroyed === true);
  assert.equal(target.received.length, 1);
});

test('many targets called once leave a bounded number of connections, then none', async (t) => {
  const target = await httpTarget(t);
  const lookup = (
    _name: string,
    _options: unknown,
    found: (error: null, all: { address: string; family: number }[]) => void,
  ) => setImmediate(found, null, [{ address: '127.0.0.1', family: 4 }]);
  const limits = { idleConnectionsMax: 20, keepAliveMs: 100 };
  const sender = senderFor(t, { lookup, limits });
  let idleMax = 0;
  for (let batch = 0; batch < 5; batch += 1) {
    const outcomes = Array.from({ length: 100 }, (_, n) =>
      outcomeOf(sender, callback(`http://h${batch}-${n}.example:${target.port}/`)),
    );
    assert.deepEqual(kinds(await Promise.all(outcomes)), { response: 100 });
    idleMax = Math.max(idleMax, sender.counts.idleConnections);
    assert.ok(sender.counts.connections <= 20);
    assert.equal(sender.counts.targets, 0);
  }
  assert.ok(idleMax > 0);
  await until('idle connections are closed', () => sender.counts.connections === 0);
});

test('close waits for what is in flight, takes nothing more, and sends what waits', async (t) => {
  const target = await heldTarget(t);
  const sender = senderFor(t, { limits: { perTargetMax: 1 } });
  const outcomes = sendMany(sender, target.url, 2);
  await until('the first is there', () => target.held.length === 1);
  let closed = false;
  const closing = sender.close(60_000).then(() => {
    closed = true;
  });
  assert.deepEqual(await outcomeOf(sender, callback(target.url)), { kind: 'withheld', reason: 'closed' });
  for (let n = 0; n < 2; n += 1) {
    await until('the next is there', () => target.held.length === n + 1);
    assert.equal(closed, false);
    target.held[n]?.end();
  }
  await closing;
  assert.deepEqual(kinds(await Promise.all(outcomes)), { response: 2 });
  assert.equal(sender.inFlight, 0);
  assert.equal(sender.counts.connections, 0);
  await sender.close(0);
});

test('settled comes after send, even where nothing is left to wait for', async (t) => {
  const sender = senderFor(t);
  let during = true;
  const settled = new Promise<void>((resolve) => {
    sender.send(
      callback('ftp://x/'),
      () => true,
      () => {
        assert.equal(during, false);
        resolve();
      },
    );
  });
  during = false;
  await settled;
});

test('every step of an attempt is told', async (t) => {
  const target = await httpTarget(t);
  const steps: string[] = [];
  const sender = senderFor(t, { onTransition: ({ from, event, to }) => steps.push(`${from} -${event}-> ${to}`) });
  await outcomeOf(sender, callback(target.url));
  await outcomeOf(sender, callback(target.url), () => false);
  assert.deepEqual(steps, [
    'waiting -released-> requesting',
    'requesting -answered-> reading',
    'reading -ended-> responded',
    'waiting -refused-> withheld',
  ]);
});

test('the bounds fit together', () => {
  checkLimits(SENDER_LIMITS);
  for (const bad of [
    { inFlightMax: 0 },
    { perTargetMax: 513 },
    { acceptedMax: 511 },
    { waitMsMax: Number.NaN },
    { perTargetAcceptedMax: 63 },
  ]) {
    assert.throws(() => checkLimits({ ...SENDER_LIMITS, ...bad }), InvariantBroken);
  }
});

test('lines: places are never exceeded, order is kept in a line, and nothing is left behind', () => {
  const step = fc.record({
    origin: fc.constantFrom('a', 'b', 'c'),
    what: fc.constantFrom('add', 'take', 'release', 'remove'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const limits = { inFlightMax: 4, perTargetMax: 2 };
      const lines = createWaitingLines<{ origin: string; n: number }>(limits);
      const waiting = new Map<string, number[]>([
        ['a', []],
        ['b', []],
        ['c', []],
      ]);
      const flying = new Map<string, number>([
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ]);
      for (const [n, { origin, what }] of steps.entries()) {
        const line = waiting.get(origin) ?? [];
        if (what === 'add') {
          lines.add(origin, String(n), { origin, n });
          line.push(n);
        } else if (what === 'remove') {
          const last = line.pop();
          assert.equal(lines.remove(origin, String(last))?.n, last);
        } else if (what === 'release' && (flying.get(origin) ?? 0) > 0) {
          lines.release(origin);
          flying.set(origin, (flying.get(origin) ?? 0) - 1);
        } else if (what === 'take') {
          const total = [...flying.values()].reduce((sum, count) => sum + count, 0);
          const eligible = [...waiting].some(
            ([name, keys]) => keys.length > 0 && (flying.get(name) ?? 0) < limits.perTargetMax,
          );
          const item = lines.take();
          assert.equal(item !== null, eligible && total < limits.inFlightMax);
          if (item !== null) {
            assert.equal(item.n, waiting.get(item.origin)?.shift());
            flying.set(item.origin, (flying.get(item.origin) ?? 0) + 1);
          }
        }
        for (const [name, count] of flying) {
          assert.ok(count <= limits.perTargetMax);
          assert.equal(lines.countOf(name), count + (waiting.get(name)?.length ?? 0));
        }
      }
      const busy = [...flying].filter(([name, count]) => count > 0 || (waiting.get(name)?.length ?? 0) > 0);
      assert.equal(lines.targets, busy.length);
    }),
  );
});

test('targets take turns', () => {
  const lines = createWaitingLines<string>({ inFlightMax: 10, perTargetMax: 10 });
  for (let n = 0; n < 5; n += 1) lines.add('busy', `busy${n}`, 'busy');
  lines.add('calm', 'calm', 'calm');
  assert.deepEqual([lines.take(), lines.take(), lines.take()], ['busy', 'calm', 'busy']);
});
