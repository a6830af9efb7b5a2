import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { SchedulerNode } from '../../src/node/api.ts';
import { createCallbackGuard } from '../../src/node/callback-guard.ts';
import { HOUSEKEEPING_EVERY_MS } from '../../src/node/limits.ts';
import { startNode } from '../../src/node/start-node.ts';
import type { TaskDraft } from '../../src/tasks/command.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { draft } from '../tasks/scenario.ts';
import { until } from '../whole/serving.ts';

/** A node in this process. Resolves when it is ready. */
export async function nodeOn(directory: string, failures: Error[] = [], clock?: Clock): Promise<SchedulerNode> {
  const { guard } = createCallbackGuard({ allowLoopback: true, allow: [], deny: [], ownAddresses: () => [] });
  const node = await startNode({
    dataDirectory: directory,
    nodeId: 'n1',
    guard,
    userAgent: 'test',
    httpUrl: () => null,
    peering: null,
    ...(clock === undefined ? {} : { clock }),
    events: {
      lifeChanged: () => {},
      roleChanged: () => {},
      settled: () => {},
      compactionPostponed: () => {},
      operating: () => {},
      operated: () => {},
      takenIn: () => {},
      membersChanged: () => {},
      notTakenIn: () => {},
      dropped: (from, cause) => failures.push(new Error(`${from}: ${cause}`)),
      failed: (_kind, error) => failures.push(error),
    },
  });
  try {
    await until(
      () => node.health().ready,
      () => `the node is ${node.health().state}`,
    );
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}

/** On a directory of its own. Fails when the node does. */
export async function withNode(
  work: (node: SchedulerNode, failures: Error[]) => Promise<void>,
  clock?: Clock,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-node-'));
  const failures: Error[] = [];
  try {
    const node = await nodeOn(directory, failures, clock);
    try {
      await work(node, failures);
      assert.deepEqual(failures, []);
    } finally {
      await node.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const by = { by: 'test' };

export async function create(
  node: SchedulerNode,
  changes: Partial<TaskDraft>,
  key: string | null = null,
): Promise<TaskId> {
  const idempotency = key === null ? null : { key, fingerprint: key };
  const outcome = await node.submit({ type: 'CreateTask', draft: draft(changes), idempotency }, by);
  if (outcome.outcome !== 'committed') throw new Error(JSON.stringify(outcome));
  return outcome.task.taskId;
}

/** Housekeeping comes as often as it is looked for here. */
export const hurriedHousekeeping = <T extends Clock>(clock: T): T => ({
  ...clock,
  setTimer: (delayMs, run) => clock.setTimer(delayMs === HOUSEKEEPING_EVERY_MS ? 50 : delayMs, run),
});

/** Wall time that a test sets forward or back; timers go on as they are. */
export function shiftedClock(): Clock & { shift(ms: number): void } {
  let offsetMs = 0;
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + offsetMs,
    shift(ms) {
      offsetMs += ms;
    },
  };
}
