import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLAIM_LAG_MS_MAX, LAG_SAMPLE_MS } from '../../src/node/limits.ts';
import { Senders } from '../../src/node/senders.ts';
import type { RaftCore } from '../../src/raft/core.ts';
import { createProgress, type Progress } from '../../src/raft/progress.ts';
import type { InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import type { StateMeta } from '../../src/tasks/entities.ts';

const members = ['n1', 'n2'].map((name) => ({
  nodeId: name as NodeId,
  instance: 'i' as InstanceId,
  kind: 'voter' as const,
}));

/** n1 leads, and n2 is heard all the time. */
function leading() {
  const progress: Progress = createProgress(1, 0);
  progress.state = 'replicate';
  const core = {
    self: memberId('n1' as NodeId, 'i' as InstanceId),
    configuration: { members },
    monotonicMs: 0,
    appliedIndex: 100,
    leading: { peers: new Map<MemberId, Progress>([[memberId('n2' as NodeId, 'i' as InstanceId), progress]]) },
  };
  const nodes = Object.fromEntries(
    members.map(({ nodeId }) => [nodeId, { instance: 'i', incarnation: 1, startedAtMs: 0 }]),
  );
  const senders = new Senders({
    core: core as unknown as RaftCore,
    meta: () => ({ nodes }) as unknown as StateMeta,
    openOf: () => 0,
    isRetired: () => false,
  });
  /** Whom it gives claims to, after so long in which it applied so much. */
  function given(passedMs = 0, entries = 0): string {
    for (let passed = 0; passed < passedMs; passed += LAG_SAMPLE_MS) {
      core.monotonicMs += LAG_SAMPLE_MS;
      core.appliedIndex += entries;
      progress.heardAtMs = core.monotonicMs;
      senders.next();
    }
    return [...new Set([senders.next()?.nodeId, senders.next()?.nodeId])].sort().join(' ');
  }
  return { core, progress, given };
}

test('a node that is behind for longer than a moment gets no claims, until it has caught up', () => {
  const { core, progress, given } = leading();
  progress.appliedIndex = 100;
  assert.equal(given(), 'n1 n2');
  // Nothing happens: whoever has all is not behind, however long ago that was.
  assert.equal(given(10 * CLAIM_LAG_MS_MAX), 'n1 n2');
  assert.equal(given(CLAIM_LAG_MS_MAX / 2, 7), 'n1 n2', 'a moment');
  assert.equal(given(CLAIM_LAG_MS_MAX, 7), 'n1');
  assert.equal(given(20 * CLAIM_LAG_MS_MAX, 7), 'n1');
  progress.appliedIndex = core.appliedIndex - 7;
  assert.equal(given(), 'n1 n2');
  // It applies, and stays behind.
  progress.appliedIndex = core.appliedIndex;
  given(2 * CLAIM_LAG_MS_MAX, 1);
  progress.appliedIndex += 5;
  assert.equal(given(), 'n1');
});

test('a node that takes a snapshot gets no claims', () => {
  const { core, progress, given } = leading();
  progress.appliedIndex = core.appliedIndex;
  progress.state = 'snapshot';
  assert.equal(given(), 'n1');
  progress.state = 'replicate';
  assert.equal(given(), 'n1 n2');
});
