import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster, Machine } from '../../ops/faults/cluster.ts';
import { createInflicting } from '../../ops/faults/inflicting.ts';

/** Three voters in name alone: what is done to them is written down. */
function threeVoters(isReady: (nodeId: string) => boolean) {
  const done: string[] = [];
  const voters = ['n1', 'n2', 'n3'].map((nodeId): Machine => {
    const node = {
      nodeId,
      isRunning: true,
      end: (signal: string) => {
        done.push(`${signal} ${nodeId}`);
        throw new Error('seen enough');
      },
    } as unknown as Machine['node'];
    return { node, proxy: null, broker: {} as Machine['broker'], shiftClock: () => undefined };
  });
  const cluster = {
    voters,
    workers: [],
    machines: voters,
    brokers: [],
    leader: () => Promise.resolve(voters[0] ?? null),
    isReady: ({ node }: Machine) => Promise.resolve(isReady(node.nodeId)),
  } as unknown as Cluster;
  const inflicting = createInflicting({
    cluster,
    say: () => undefined,
    found: () => undefined,
    leaderLost: () => undefined,
    schedulingPaused: () => undefined,
  });
  return { inflicting, done };
}

const REPLACE = { kind: 'replace', target: 'follower' } as const;

test('a voter is not replaced while another is away: the majority would be gone for good', async () => {
  const { inflicting, done } = threeVoters((nodeId) => nodeId !== 'n3');
  const began: string[] = [];
  await inflicting.inflict(REPLACE, (whom) => began.push(whom));
  assert.deepEqual(began, ['left out: n3 is not ready']);
  assert.deepEqual(done, []);
});

test('it is while all others are there', async () => {
  const { inflicting, done } = threeVoters(() => true);
  const began: string[] = [];
  await assert.rejects(
    inflicting.inflict(REPLACE, (whom) => began.push(whom)),
    /seen enough/,
  );
  assert.deepEqual(began, ['n2 (follower)']);
  assert.deepEqual(done, ['SIGKILL n2']);
});
