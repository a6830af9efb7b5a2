import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken, unreachable } from '../../src/invariant.ts';
import { createRaftCore, type RaftCore } from '../../src/raft/core.ts';
import type { Effect, Input, RaftStart } from '../../src/raft/ports.ts';
import { roleOf } from '../../src/raft/role.ts';
import { step } from '../../src/raft/step.ts';
import { type InstanceId, memberId, type NodeId } from '../../src/raft/types.ts';

const nodeId = 'n1' as NodeId;
const instance = 'i1' as InstanceId;
const self = memberId(nodeId, instance);
const voter = (name: string) => ({ nodeId: name as NodeId, instance, kind: 'voter' as const });

const restarted = (start: Partial<RaftStart> = {}): RaftCore =>
  createRaftCore(
    {
      self,
      hardState: { term: 0, votedFor: null },
      configuration: { members: [voter('n1')] },
      lastIndex: 1,
      lastTerm: 0,
      appliedIndex: 0,
      ...start,
    },
    { electionTimeoutMinMs: 400, electionTimeoutMaxMs: 800 },
  );

const tick = (monotonicMs: number, random = 0): Input => ({ type: 'tick', monotonicMs, random });
const brief = (effects: readonly Effect[]): string[] => effects.map(inWords);

function inWords(effect: Effect): string {
  switch (effect.type) {
    case 'persist': {
      const state =
        effect.hardState === undefined ? '' : ` term=${effect.hardState.term} vote=${effect.hardState.votedFor}`;
      return `persist${state} [${effect.entries.map((entry) => `${entry.index}@${entry.term} ${entry.kind}`).join(', ')}]`;
    }
    case 'role-changed':
      return `${effect.role} in term ${effect.term}`;
    case 'committed':
      return `commit ${effect.index}`;
    case 'accepted':
      return `accepted ${effect.at.map(({ proposalId, index }) => `#${proposalId}→${index}`).join(', ')}`;
    case 'refused':
      return `refused #${effect.proposalIds.join(', #')}`;
    case 'read-ready':
      return `read ${effect.readIds.join(', ')} at ${effect.index}`;
    case 'read-refused':
      return `read refused ${effect.readIds.join(', ')}`;
    default:
      return unreachable(effect);
  }
}

const lead = (core: RaftCore): void => {
  step(core, [tick(0)]);
  step(core, [{ type: 'persisted', lastIndex: core.lastIndex, term: 1 }]);
  step(core, [{ type: 'persisted', lastIndex: core.lastIndex, term: 1 }]);
};

test('a sole voter elects itself by the path that more voters take: pre-vote, vote on disk, first entry, commit', () => {
  const core = restarted();
  assert.deepEqual(brief(step(core, [tick(0)])), [`persist term=1 vote=${self} []`, 'candidate in term 1']);
  assert.deepEqual(brief(step(core, [{ type: 'persisted', lastIndex: 1, term: 1 }])), [
    'persist [2@1 term-started]',
    'leader in term 1',
  ]);
  assert.deepEqual(brief(step(core, [{ type: 'persisted', lastIndex: 2, term: 1 }])), ['commit 2']);
});

test('I8, raft.md case 2: the own vote does not count before it is on disk', () => {
  const core = restarted();
  step(core, [tick(0)]);
  step(core, [tick(50), tick(100)]);
  assert.notEqual(roleOf(core.role), 'leader');
  step(core, [{ type: 'persisted', lastIndex: 1, term: 0 }]);
  assert.notEqual(roleOf(core.role), 'leader', 'what is durable belongs to the old term');
});

test('I1: nothing commits before it is on disk', () => {
  const core = restarted();
  lead(core);
  const proposed = step(core, [{ type: 'propose', proposals: [{ proposalId: 7, kind: 'events', data: 'x' }] }]);
  assert.deepEqual(brief(proposed), ['persist [3@1 events]', 'accepted #7→3']);
  assert.equal(core.commitIndex, 2);
  assert.deepEqual(brief(step(core, [{ type: 'persisted', lastIndex: 3, term: 1 }])), ['commit 3']);
});

test('paper §5.4.2, raft.md case 1: entries of earlier terms commit only with the first of the own term', () => {
  const core = restarted({ hardState: { term: 4, votedFor: null }, lastIndex: 9, lastTerm: 4, appliedIndex: 3 });
  step(core, [tick(0)]);
  step(core, [{ type: 'persisted', lastIndex: 9, term: 5 }]);
  assert.equal(roleOf(core.role), 'leader');
  step(core, [{ type: 'persisted', lastIndex: 9, term: 5 }]);
  assert.equal(core.commitIndex, 3, 'index 9 is on a majority, and of an old term');
  assert.deepEqual(brief(step(core, [{ type: 'persisted', lastIndex: 10, term: 5 }])), ['commit 10']);
});

test('group commit: a turn of many inputs has one disk write', () => {
  const core = restarted();
  lead(core);
  const effects = step(core, [
    { type: 'propose', proposals: [{ proposalId: 1, kind: 'events', data: 'a' }] },
    {
      type: 'propose',
      proposals: [
        { proposalId: 2, kind: 'events', data: 'b' },
        { proposalId: 3, kind: 'events', data: 'c' },
      ],
    },
  ]);
  assert.deepEqual(brief(effects), [
    'persist [3@1 events, 4@1 events, 5@1 events]',
    'accepted #1→3',
    'accepted #2→4, #3→5',
  ]);
});

test('who does not lead refuses proposals and reads, and says so', () => {
  const core = restarted({ configuration: { members: [voter('n1'), voter('n2'), voter('n3')] } });
  assert.deepEqual(brief(step(core, [{ type: 'propose', proposals: [{ proposalId: 1, kind: 'events', data: '' }] }])), [
    'refused #1',
  ]);
  assert.deepEqual(brief(step(core, [{ type: 'read', readIds: [4] }])), ['read refused 4']);
});

test('raft.md case 18: a read waits until an entry of the own term is applied', () => {
  const core = restarted();
  lead(core);
  assert.deepEqual(step(core, [{ type: 'read', readIds: [1] }]), []);
  assert.deepEqual(brief(step(core, [{ type: 'applied', index: 2 }])), ['read 1 at 2']);
  assert.deepEqual(brief(step(core, [{ type: 'read', readIds: [2] }])), ['read 2 at 2']);
});

test('paper §5.2: one voter of three waits a random timeout, asks for pre-votes, and stays where it is without answers', () => {
  const core = restarted({ configuration: { members: [voter('n1'), voter('n2'), voter('n3')] } });
  step(core, [tick(0, 0.5)]);
  assert.deepEqual(step(core, [tick(599, 0.5)]), []);
  assert.deepEqual(brief(step(core, [tick(600, 0.5)])), ['preCandidate in term 0']);
  assert.equal(core.role.context.term, 0);
});

test('raft.md case 12: who is no voter never campaigns', () => {
  const core = restarted({ configuration: { members: [voter('n2'), voter('n3')] } });
  for (let ms = 0; ms < 10_000; ms += 100) assert.deepEqual(step(core, [tick(ms)]), []);
});

test('an impossible completion stops the node with the number of what broke', () => {
  const core = restarted();
  lead(core);
  assert.throws(() => step(core, [{ type: 'persisted', lastIndex: 99, term: 1 }]), InvariantBroken);
  assert.throws(() => step(core, [{ type: 'applied', index: 99 }]), /I4/);
  assert.throws(() => restarted({ lastTerm: 9 }), /I8/);
});
