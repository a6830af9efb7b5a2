import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import { HEARTBEAT_MS, TICK_MS } from '../../src/node/limits.ts';
import { Senders } from '../../src/node/senders.ts';
import { startMemoryCluster } from './memory-cluster.ts';
import { steppedClock } from './stepped-clock.ts';

const STEP_MS = 1;
const RESTED_MS = 3_000;

/** Three nodes on one clock that is moved by hand: what they do is counted, not timed. */
function resting() {
  const time = steppedClock(Date.UTC(2027, 0, 1));
  let timersFired = 0;
  const clock: Clock = {
    ...time,
    setTimer: (delayMs, run) =>
      time.setTimer(delayMs, () => {
        timersFired += 1;
        run();
      }),
  };
  const cluster = startMemoryCluster(['n1', 'n2', 'n3'], clock);
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      time.pass(STEP_MS);
      // A message, its turn, and the answer's.
      for (let turn = 0; turn < 4; turn += 1) await new Promise((turned) => setImmediate(turned));
    }
  }
  return { cluster, pass, timersFired: () => timersFired };
}

test('nodes with nothing to do tick, and hear of their leader; they write nothing and choose nobody', async (t) => {
  const { cluster, pass, timersFired } = resting();
  const ready = () => cluster.leader() !== undefined && cluster.nodes().every(({ node }) => node.health().ready);
  for (let waited = 0; !ready(); waited += 100) {
    assert.ok(waited < 20_000, 'nobody leads');
    await pass(100);
  }
  // What a start leaves to do.
  await pass(2_000);
  const before = cluster.nodes().map(({ node }) => node.metrics());
  const firedBefore = timersFired();
  const chosen = t.mock.method(Senders.prototype, 'next');
  await pass(RESTED_MS);
  const ticks = RESTED_MS / TICK_MS;
  const heartbeats = RESTED_MS / HEARTBEAT_MS;
  for (const [at, { nodeId, node }] of cluster.nodes().entries()) {
    const was = before[at];
    const is = node.metrics();
    assert.ok(was !== undefined);
    assert.equal(is.fsyncs, was.fsyncs, `${nodeId} wrote to its log`);
    assert.equal(is.proposals, was.proposals, `${nodeId} decided something`);
    // A turn for each tick and each message: of a leader's two followers each answers. And what comes once in a second or less.
    const turns = is.turns - was.turns;
    const heard = nodeId === cluster.leader()?.nodeId ? 2 * heartbeats : heartbeats;
    const turnsMax = ticks + heard + (4 * RESTED_MS) / 1_000;
    assert.ok(turns <= turnsMax, `${nodeId} took ${turns} turns, of at most ${turnsMax}`);
  }
  assert.equal(chosen.mock.callCount(), 0, 'somebody was looked for to be given nothing');
  // Ticks, plan B ten times a second on the leader, and what comes once in a second or less.
  const fired = timersFired() - firedBefore;
  const firedMax = 3 * ticks + RESTED_MS / 100 + (3 * 4 * RESTED_MS) / 1_000;
  assert.ok(fired <= firedMax, `${fired} timers fired, of at most ${firedMax}`);
  assert.deepEqual(cluster.failures, []);
  const stopped = cluster.stop();
  let isOver = false;
  void stopped.then(() => {
    isOver = true;
  });
  while (!isOver) await pass(100);
});
