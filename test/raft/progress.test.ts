import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  acknowledged,
  becomeProbe,
  becomeSnapshot,
  createProgress,
  lostLog,
  mayAppend,
  type Progress,
  sent,
} from '../../src/raft/progress.ts';

/** What a leader knows of a peer, against rules that hold whatever happens in whatever order. */

const IN_FLIGHT_MESSAGES_MAX = 64;
const IN_FLIGHT_BYTES_MAX = 4 * 2 ** 20;
const MEGABYTE = 2 ** 20;

interface World {
  readonly progress: Progress;
  /** End of the leader's log. */
  lastIndex: number;
  /** The most that the peer ever had to acknowledge. */
  held: number;
  nowMs: number;
}

type Command = (world: World) => void;

const send = (count: number, bytes: number): Command => {
  return (world) => {
    const { progress } = world;
    if (!mayAppend(progress)) return;
    const lastIndex = progress.nextIndex - 1 + count;
    world.lastIndex = Math.max(world.lastIndex, lastIndex);
    world.held = Math.max(world.held, lastIndex);
    sent(progress, lastIndex, bytes, world.nowMs);
  };
};
/** Late, repeated, or overtaken: any that the peer may once have given. */
const acknowledge = (share: number): Command => {
  return (world) => {
    const { progress } = world;
    const matchIndex = Math.floor(share * (world.held + 1));
    const before = progress.matchIndex;
    const needed = progress.snapshot?.head.index ?? 0;
    assert.equal(acknowledged(progress, matchIndex, 0, world.nowMs), matchIndex > before, 'says whether it is news');
    assert.equal(progress.matchIndex, Math.max(before, matchIndex), 'an acknowledgement is never taken back');
    assert.equal(
      progress.state,
      matchIndex < needed ? 'snapshot' : 'replicate',
      'a snapshot ends when it is installed',
    );
  };
};
const probe = (share: number): Command => {
  return ({ progress, lastIndex }) => becomeProbe(progress, 1 + Math.floor(share * (lastIndex + 1)));
};
const snapshot: Command = ({ progress, lastIndex }) =>
  becomeSnapshot(progress, {
    head: { snapshotId: 's', index: lastIndex, term: 1, bytes: 10, configuration: { members: [] } },
    ...{ ackedOffset: 0, askedOffset: 0, chunksInFlight: 0 },
  });
const lose = (share: number): Command => {
  return (world) => {
    const endIndex = Math.floor(share * (world.progress.matchIndex + 1));
    lostLog(world.progress, endIndex, world.lastIndex, 1);
    assert.equal(world.progress.matchIndex, 0, 'holds nothing for certain');
  };
};

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.nat(3), fc.constantFrom(0, 100, MEGABYTE)).map((of) => send(...of)) },
  { weight: 6, arbitrary: share.map(acknowledge) },
  { weight: 1, arbitrary: share.map(probe) },
  { weight: 1, arbitrary: fc.constant(snapshot) },
  { weight: 1, arbitrary: share.map(lose) },
);

function checkRules({ progress, lastIndex, held }: World): void {
  const { inFlight, inFlightBytes, state, matchIndex, nextIndex } = progress;
  assert.ok(matchIndex <= held && matchIndex < nextIndex && nextIndex <= Math.max(lastIndex, held) + 1);
  assert.equal(
    inFlightBytes,
    inFlight.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  assert.ok(inFlight.length <= IN_FLIGHT_MESSAGES_MAX);
  assert.ok(inFlightBytes < IN_FLIGHT_BYTES_MAX + MEGABYTE, 'one message beyond the bound at most');
  for (const [at, { lastIndex: end }] of inFlight.entries()) assert.ok(end >= (inFlight[at - 1]?.lastIndex ?? 0));
  assert.equal(progress.snapshot !== null, state === 'snapshot');
  if (state !== 'replicate') assert.equal(inFlight.length, 0);
  if (state !== 'probe') assert.equal(progress.probing, false);
  if (state === 'snapshot' || progress.probing) assert.equal(mayAppend(progress), false);
  // Whatever waits for an answer is sent again some time.
  if (inFlight.length > 0 || progress.probing) assert.notEqual(progress.waitingSinceMs, null);
}

test('the window never runs away from what the peer acknowledged, in whatever order answers come', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 150, size: 'max' }), (commands) => {
      const world: World = { progress: createProgress(5, 0), lastIndex: 4, held: 0, nowMs: 0 };
      for (const run of commands) {
        world.nowMs += 1;
        run(world);
        checkRules(world);
      }
    }),
    { numRuns: 500 },
  );
});

test('sending stops at so many messages and at so many bytes, and goes on when they are acknowledged', () => {
  for (const [bytes, most] of [
    [10, IN_FLIGHT_MESSAGES_MAX],
    [MEGABYTE, 4],
  ] as const) {
    const progress = createProgress(1, 0);
    acknowledged(progress, 0, 0, 0);
    let count = 0;
    for (; mayAppend(progress); count += 1) sent(progress, count + 1, bytes, 0);
    assert.equal(count, most);
    acknowledged(progress, 1, 0, 1);
    assert.equal(mayAppend(progress), true);
    assert.equal(progress.inFlight.length, most - 1);
  }
});
