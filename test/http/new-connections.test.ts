import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { GATHERED_MS_MAX } from '../../src/http/limits.ts';
import { createNewConnections } from '../../src/http/new-connections.ts';

/** NewConnections whose turns pass, and whose time runs, when the test says so. */
function newConnections() {
  let nowMs = 0;
  let later: (() => void)[] = [];
  const own = createNewConnections({ monotonicMs: () => nowMs, nextTurn: (run) => later.push(run) });
  const carriedOut: string[] = [];
  return {
    carriedOut,
    connects: () => own.note(),
    asks: (what: string) => own.whenGathered(() => carriedOut.push(what)),
    turn(tookMs = 0) {
      nowMs += tookMs;
      const now = later;
      later = [];
      for (const run of now) run();
    },
    isIdle: () => later.length === 0,
  };
}

describe('what is asked while connections come in', () => {
  test('with no connection coming in, it is carried out at once', () => {
    const { asks, carriedOut, isIdle } = newConnections();
    asks('a');
    assert.deepEqual(carriedOut, ['a']);
    assert.ok(isIdle());
  });

  test('while they come in, turn after turn, it waits, and is carried out together and in order', () => {
    const { asks, connects, turn, carriedOut, isIdle } = newConnections();
    connects();
    turn();
    asks('a');
    connects();
    turn();
    asks('b');
    assert.deepEqual(carriedOut, []);
    turn();
    assert.deepEqual(carriedOut, ['a', 'b']);
    asks('c');
    assert.deepEqual(carriedOut, ['a', 'b', 'c']);
    assert.ok(isIdle());
  });

  test('one that goes on coming in holds nothing up for longer than is allowed', () => {
    const { asks, connects, turn, carriedOut } = newConnections();
    connects();
    asks('a');
    turn(GATHERED_MS_MAX - 1);
    assert.deepEqual(carriedOut, []);
    connects();
    turn(1);
    assert.deepEqual(carriedOut, ['a']);
  });
});

test('of clients that connect at once, the requests are carried out in one turn of the loop', async () => {
  // A clock that stands still: the bound of time is not what ends it here.
  const own = createNewConnections({ monotonicMs: () => 0, nextTurn: systemClock.nextTurn });
  const turns = new Set<number>();
  let answered = 0;
  let turn = 0;
  const server = createServer((socket) => {
    own.note();
    socket.once('data', () =>
      own.whenGathered(() => {
        turns.add(turn);
        setImmediate(() => (turn += 1));
        answered += 1;
        socket.end();
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Each is connected by the kernel, and has spoken, before the loop turns to the server.
  const clients = Array.from({ length: 30 }, () => connect(port, '127.0.0.1'));
  for (const client of clients) client.write('x');
  await Promise.all(clients.map((client) => once(client.resume(), 'close')));
  server.close();
  assert.equal(answered, 30);
  assert.ok(turns.size < 5, `${turns.size} turns`);
});
