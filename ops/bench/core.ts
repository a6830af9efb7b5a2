import type { RaftRoleEvent } from '../../machines/raft-role.ts';
import { createRaftCore } from '../../src/raft/core.ts';
import { moveRole, roleAt } from '../../src/raft/role.ts';
import { step } from '../../src/raft/step.ts';
import type { InstanceId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';

/** What the pure core costs: one event of the role machine, and a turn of 64 appended entries. */
const TIMES = 200_000;
const ENTRIES = 64;

function microseconds(times: number, run: () => void): number {
  for (let at = 0; at < times / 10; at += 1) run();
  const began = performance.now();
  for (let at = 0; at < times; at += 1) run();
  return ((performance.now() - began) * 1_000) / times;
}

export function benchCore(): void {
  const self = memberId('n1' as NodeId, 'i1' as InstanceId);
  const leader = roleAt('leader', { self, term: 3, votedFor: self, leader: self });
  const proposed: RaftRoleEvent = { type: 'PROPOSED' };
  console.log(
    `one event of the role machine: ${microseconds(TIMES, () => moveRole(leader, proposed)).toFixed(2)} µs (goal < 4)`,
  );

  const core = createRaftCore(
    {
      self,
      hardState: { term: 0, votedFor: null },
      configuration: { members: [{ nodeId: 'n1' as NodeId, instance: 'i1' as InstanceId, kind: 'voter' }] },
      lastIndex: 0,
      lastTerm: 0,
      appliedIndex: 0,
    },
    { electionTimeoutMinMs: 400, electionTimeoutMaxMs: 800 },
  );
  const persisted = (): void => {
    step(core, [{ type: 'persisted', lastIndex: core.lastIndex, term: core.role.context.term }]);
    step(core, [{ type: 'applied', index: core.commitIndex }]);
  };
  step(core, [{ type: 'tick', monotonicMs: 0, random: 0 }]);
  persisted();
  persisted();
  const proposals = Array.from({ length: ENTRIES }, (_, proposalId) => ({
    proposalId,
    kind: 'events' as const,
    data: 'x'.repeat(200),
  }));
  const turn = microseconds(TIMES / 20, () => {
    step(core, [{ type: 'propose', proposals }]);
    persisted();
  });
  console.log(`a turn of ${ENTRIES} entries, from proposed to applied: ${turn.toFixed(1)} µs (goal < 100)`);
}
