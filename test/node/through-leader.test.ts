import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AskingLeader } from '../../src/node/asking-leader.ts';
import { Leadership } from '../../src/node/leadership.ts';
import { ELECTION_TIMEOUT_MAX_MS, NO_LEADER_WAIT_MS, SUBMIT_DEADLINE_MS } from '../../src/node/limits.ts';
import type { Ask } from '../../src/node/peer-notes.ts';
import { type Errand, ThroughLeader } from '../../src/node/through-leader.ts';
import type { MemberId } from '../../src/raft/types.ts';
import type { CommandId } from '../../src/tasks/command-id.ts';
import { steppedClock } from './stepped-clock.ts';

/** A write whose majority is lost ends soon, and says no more than is known. */

const n1 = 'n1/i' as MemberId;
const n2 = 'n2/i' as MemberId;
const STEP_MS = 20;
/** What is asked of a node of three with two dead (issue: in under 5 s). */
const ANSWERED_MS_MAX = 5_000;

type Outcome = {
  readonly outcome: 'done' | 'unknown' | 'unavailable';
  readonly reason?: 'no_leader' | 'overloaded';
};

function onNode(here: () => Promise<Outcome>) {
  const clock = steppedClock(0);
  const leadership = new Leadership(clock, n1);
  const asking = new AskingLeader(clock, leadership, () => {});
  const through = new ThroughLeader({
    clock,
    leadership,
    asking,
    closed: () => null,
    keepsResults: () => true,
  });
  const errand: Errand<Outcome> = {
    askId: 'a1' as CommandId,
    ask: { type: 'start', nodeId: 'n1', instance: 'i', incarnation: 1 } satisfies Ask,
    here,
    read: (answer) => (answer.type === 'taken' ? { outcome: 'unavailable', reason: 'overloaded' } : null),
    unavailable: () => ({ outcome: 'unavailable', reason: 'no_leader' }),
    unknown: () => ({ outcome: 'unknown' }),
  };
  /** How it ended, and after how long; `meanwhile` is told the time that has passed. */
  const ended = async (meanwhile: (passedMs: number) => void = () => {}) => {
    let outcome: Outcome | null = null;
    void through.untilKnown(errand).then((known) => {
      outcome = known;
    });
    for (let passedMs = 0; ; passedMs += STEP_MS) {
      await new Promise(setImmediate);
      if (outcome !== null) return { ...(outcome as Outcome), afterMs: passedMs };
      assert.ok(passedMs <= 2 * SUBMIT_DEADLINE_MS, 'it hangs');
      meanwhile(passedMs);
      clock.pass(STEP_MS);
    }
  };
  return { leadership, asking, ended };
}

test('what a leader had in its log when it lost its majority is unknown, and soon said to be', async () => {
  let deposed = (): void => {};
  const { leadership, ended } = onNode(
    () =>
      new Promise((settle) => {
        deposed = () => settle({ outcome: 'unknown' });
      }),
  );
  leadership.changed(n1, 1);
  leadership.termBegun();
  const { outcome, afterMs } = await ended((passedMs) => {
    if (passedMs !== ELECTION_TIMEOUT_MAX_MS) return;
    leadership.changed(null, 1);
    deposed();
  });
  assert.equal(outcome, 'unknown');
  assert.ok(afterMs < ANSWERED_MS_MAX, `after ${afterMs} ms`);
});

test('what was sent to a leader that died is unknown, and soon said to be', async () => {
  const { leadership, ended } = onNode(() => assert.fail('it never leads'));
  leadership.changed(n2, 1);
  const { outcome, afterMs } = await ended((passedMs) => {
    if (passedMs === ELECTION_TIMEOUT_MAX_MS) leadership.changed(null, 1);
  });
  assert.equal(outcome, 'unknown');
  assert.ok(afterMs < ANSWERED_MS_MAX, `after ${afterMs} ms`);
});

test('what came to nobody’s log is unavailable: a leader that steps down refuses what waits', async () => {
  let refuse = (): void => {};
  const { leadership, ended } = onNode(
    () =>
      new Promise((settle) => {
        refuse = () => settle({ outcome: 'unavailable', reason: 'no_leader' });
      }),
  );
  leadership.changed(n1, 1);
  leadership.termBegun();
  const { outcome, afterMs } = await ended((passedMs) => {
    if (passedMs !== ELECTION_TIMEOUT_MAX_MS) return;
    leadership.changed(null, 1);
    refuse();
  });
  assert.equal(outcome, 'unavailable');
  assert.ok(afterMs <= NO_LEADER_WAIT_MS + 2 * STEP_MS, `after ${afterMs} ms`);
});

for (const [name, terms, said] of [
  ['that the only leader which was asked had no room is for certain not done', [1], 'unavailable'],
  ['what an earlier leader was asked for may be done, whatever the next one has no room for', [1, 2], 'unknown'],
] as const)
  test(name, async () => {
    const { leadership, asking, ended } = onNode(() => assert.fail('it never leads'));
    leadership.changed(n2, 1);
    const { outcome } = await ended((passedMs) => {
      if (passedMs === STEP_MS && terms.length > 1) {
        leadership.changed(n2, 2);
        asking.leaderChanged();
      }
      const term = terms.at(-1) ?? 1;
      if (passedMs >= 2 * STEP_MS)
        asking.answered({ kind: 'answer', askId: 'a1' as CommandId, answer: { type: 'taken' }, term });
      if (passedMs === ELECTION_TIMEOUT_MAX_MS) leadership.changed(null, term);
    });
    assert.equal(outcome, said);
  });

test('through elections that follow each other it is asked on, up to its deadline', async () => {
  const { leadership, ended } = onNode(() => assert.fail('it never leads'));
  leadership.changed(n2, 1);
  const { outcome, afterMs } = await ended((passedMs) => {
    const term = Math.floor(passedMs / 1_000) + 1;
    leadership.changed(passedMs % 2_000 < 1_000 ? n2 : null, term);
  });
  assert.equal(outcome, 'unknown');
  assert.ok(afterMs >= SUBMIT_DEADLINE_MS, `after ${afterMs} ms`);
});
