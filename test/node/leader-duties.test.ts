import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { Firing } from '../../src/node/firing.ts';
import { LeaderDuties, type LeaderDutiesOptions } from '../../src/node/leader-duties.ts';
import type { ProposeOutcome } from '../../src/node/proposal-queue.ts';
import type { Replica } from '../../src/node/replica.ts';
import { openMemoryProjection } from '../../src/store/memory-projection.ts';
import { until } from '../whole/serving.ts';

test('a leader whose beginning was refused, because leadership was to move and did not, begins all the same', async () => {
  const outcomes: ProposeOutcome[] = [
    { kind: 'refused', why: 'no_leader' },
    { kind: 'applied', index: 2 },
  ];
  const began: string[] = [];
  const duties = new LeaderDuties({
    identity: { nodeId: 'n1', instance: 'i1', incarnation: 1 } as unknown as LeaderDutiesOptions['identity'],
    projection: openMemoryProjection(),
    replica: {
      propose: (_: unknown, settle: (outcome: ProposeOutcome) => void) => settle(outcomes.shift() as ProposeOutcome),
    } as unknown as Replica,
    leadership: {} as LeaderDutiesOptions['leadership'],
    firing: {
      count: () => began.push('count'),
      begin: () => began.push('firing'),
      end() {},
      holders: [],
    } as unknown as Firing,
    clock: systemClock,
    random: Math.random,
    settled() {},
    lost() {},
    begun: () => began.push('node'),
    failed: (error) => assert.fail(error),
  });
  duties.begin();
  await until(
    () => began.includes('node'),
    () => 'it never begins',
  );
  duties.end();
  assert.deepEqual(began, ['count', 'firing', 'node']);
});
