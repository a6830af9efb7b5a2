import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import { Operating, type OperatingOptions } from '../../src/node/operating.ts';
import { idOf } from '../../src/raft/quorum.ts';
import type { Member } from '../../src/raft/types.ts';
import type { CommandId } from '../../src/tasks/command-id.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import type { ClusterOperation, OperationEnd, OperationRecord } from '../../src/tasks/operation.ts';

const ID = 'again' as CommandId;
const NOW_MS = 1_000_000;
const member = (nodeId: string): Member => ({ nodeId, instance: 'i', kind: 'voter' }) as unknown as Member;
const [n1, n2, n3] = [member('n1'), member('n2'), member('n3')];

interface Shape {
  readonly record?: OperationRecord;
  /** Of the other members, what they said that they can read. */
  readonly levels?: number | null;
  readonly featureLevel?: number;
  readonly isThere?: boolean;
  /** When it was deposed, if it was. */
  readonly deposed?: 'before' | 'while it looked';
}

/** A leader that is asked, and may write nothing. */
function leader(shape: Shape) {
  const { record, levels = ENTRY_VERSION, featureLevel = ENTRY_VERSION, isThere = true, deposed } = shape;
  let nowMs = NOW_MS;
  const clock = {
    monotonicMs: () => nowMs,
    setTimer: (delayMs: number, run: () => void) => {
      nowMs += delayMs;
      queueMicrotask(run);
    },
  } as unknown as Clock;
  const progress = { heardAtMs: isThere ? NOW_MS : 0, hasAnswered: true, matchIndex: 9, featureLevel: levels };
  let leads = deposed !== 'before';
  return new Operating({
    replica: {
      core: {
        self: idOf(n1),
        monotonicMs: NOW_MS,
        configuration: { members: [n1, n2, n3], featureLevel },
        get leading() {
          return leads ? { peers: new Map([n2, n3].map((one) => [idOf(one), progress])) } : null;
        },
      },
      // A follower's is as good: whoever leads by then answers it.
      readBarrier: async () => {
        leads &&= deposed === undefined;
        return true;
      },
      appliedIndex: 9,
      isLeading: true,
      propose: () => assert.fail('nothing is to be written'),
    },
    clock,
    meta: () => ({ nodes: {}, operations: record === undefined ? [] : [record], logTimeMs: NOW_MS }),
    events: { operating() {}, operated() {} },
    untilSilent: async () => true,
    nodeId: 'n1',
  } as unknown as OperatingOptions);
}

const transfer = (to: string): ClusterOperation => ({ type: 'transfer-leadership', to });
const asked = (operation: ClusterOperation, end?: OperationEnd): OperationRecord => ({
  requestId: ID,
  operation,
  by: 'test',
  atMs: NOW_MS,
  ...(end === undefined ? {} : { ended: { end, atMs: NOW_MS } }),
});

test('a change that was asked for before, and of which no word came yet, is not known: neither done again nor refused', async () => {
  for (const isThere of [true, false]) {
    const again = leader({ record: asked(transfer('n2')), isThere });
    assert.deepEqual(await again.decide(transfer('n2'), 'test', ID), { outcome: 'unknown' });
  }
});

test('once its word is there it is told as it ended, whatever would come of it now', async () => {
  const done = leader({ record: asked(transfer('n2'), { kind: 'done' }), isThere: false });
  assert.deepEqual(await done.decide(transfer('n2'), 'test', ID), { outcome: 'done', changed: true });
  const refused = leader({ record: asked(transfer('n2'), { kind: 'refused', reason: 'another was elected' }) });
  const told = await refused.decide(transfer('n2'), 'test', ID);
  assert.ok(told.outcome === 'refused' && told.message === 'another was elected', JSON.stringify(told));
});

test('whoever leads by a transfer knows that it was done', async () => {
  const chosen = leader({ record: asked(transfer('n1')) });
  assert.deepEqual(await chosen.decide({ type: 'transfer-leadership', to: null }, 'test', ID), {
    outcome: 'done',
    changed: true,
  });
});

test('what members can read is waited for; who was never heard is named, and no upgrade is asked of them', async () => {
  for (const [levels, said] of [
    [null, /whether n2, n3 can read operations/],
    [2, /finish the upgrade first/],
  ] as const) {
    const told = await leader({ levels, featureLevel: 2 }).decide({ type: 'pause-scheduling' }, 'test', ID);
    assert.ok(told.outcome === 'refused' && told.code === 'feature_level_too_low', JSON.stringify(told));
    assert.match(told.message, said);
  }
});

test('who leads no more refuses nothing, for what members can read or for who is there: the next leader is asked', async () => {
  // Who leads no more keeps no account of who is there: both others would seem lost to it.
  const removal: ClusterOperation = { type: 'remove-member', nodeId: 'n3', acceptLostMajority: false };
  for (const shape of [{ deposed: 'before', featureLevel: 2 }, { deposed: 'while it looked' }] as const) {
    const told = await leader(shape).decide(removal, 'test', ID);
    assert.deepEqual({ ...told, retryAfterMs: 0 }, { outcome: 'unavailable', reason: 'no_leader', retryAfterMs: 0 });
  }
});
