import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peers } from '../../src/node/peers.ts';
import type { Message } from '../../src/raft/messages.ts';
import { type MemberId, memberId } from '../../src/raft/types.ts';
import type { PeerBatch } from '../../src/transport/transport.ts';

const n1 = memberId('n1' as never, 'i' as never);
const n2 = memberId('n2' as never, 'i' as never);

const append = (commitIndex: number, isNews: boolean): Message => ({
  from: n1,
  to: n2,
  term: 1,
  type: 'append',
  prevIndex: commitIndex,
  prevTerm: 1,
  entries: isNews ? [] : [{ index: commitIndex + 1, term: 1, kind: 'events', data: '{}' }],
  commitIndex,
  ...(isNews ? { quiet: true } : {}),
});
const heartbeat: Message = {
  from: n1,
  to: n2,
  term: 1,
  type: 'heartbeat',
  round: 1,
  commitIndex: 0,
  lastIndex: 9,
  logLost: false,
};

/** Peers whose turns pass when the test says so. */
function peers() {
  const sent: (readonly Message[])[] = [];
  let later: (() => void)[] = [];
  const transport = {
    listen() {},
    send: (_to: MemberId, batch: PeerBatch) => sent.push(batch.raft),
  };
  const own = new Peers({
    transport: transport as never,
    clock: { nextTurn: (run: () => void) => later.push(run), ownMs: () => 0, nowMs: () => 0 } as never,
    take() {},
    noted() {},
    hailed() {},
    dropped: (_from, cause) => assert.fail(cause),
  });
  const turn = (): void => {
    const now = later;
    later = [];
    for (const run of now) run();
  };
  return { own, sent, turn };
}

test('how far is committed is told by itself once the next turn had nothing to say, and only the latest word of it', () => {
  const { own, sent, turn } = peers();
  own.sendRaft([append(4, true)]);
  own.sendRaft([append(5, true)]);
  turn();
  assert.deepEqual(sent, [], 'the answers that a commit brings go first');
  turn();
  assert.deepEqual(sent, [[append(5, true)]]);
  turn();
  assert.equal(sent.length, 1);
});

test('entries that carry it make it needless', () => {
  const { own, sent, turn } = peers();
  own.sendRaft([append(4, true)]);
  own.sendRaft([append(4, false)]);
  for (let turns = 0; turns < 3; turns += 1) turn();
  assert.deepEqual(sent, [[append(4, false)]]);
});

test('what does not carry it takes it along', () => {
  const { own, sent, turn } = peers();
  own.sendRaft([append(4, true)]);
  own.sendRaft([heartbeat]);
  for (let turns = 0; turns < 3; turns += 1) turn();
  assert.deepEqual(sent, [[append(4, true), heartbeat]]);
  own.sendRaft([append(5, true)]);
  own.sendRaft([append(4, false)]);
  for (let turns = 0; turns < 3; turns += 1) turn();
  assert.deepEqual(
    sent.slice(1),
    [[append(5, true), append(4, false)]],
    'an older word does not stand for a newer one',
  );
});
