import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RaftRoleEvent } from '../../machines/raft-role.ts';
import { moveRole, type RaftRole, type RoleSnapshot, roleAt, roleOf } from '../../src/raft/role.ts';

const start = (role: RaftRole, term = 3, votedFor: string | null = null): RoleSnapshot =>
  roleAt(role, { self: 'a/1', term, votedFor, leader: null });

const follow = (from: RoleSnapshot, ...events: RaftRoleEvent[]): RoleSnapshot =>
  events.reduce((snapshot, event) => moveRole(snapshot, event).snapshot, from);

test('paper §5.2: a candidate raises its term and votes for itself, in one move that is persisted', () => {
  const preCandidate = follow(start('follower', 3, 'b/1'), { type: 'ELECTION_DUE' });
  const { snapshot, actions } = moveRole(preCandidate, { type: 'PRE_VOTES_WON' });
  assert.deepEqual({ ...snapshot.context }, { self: 'a/1', term: 4, votedFor: 'a/1', leader: null });
  assert.deepEqual(actions, [
    { type: 'persistHardState', params: { term: 4, votedFor: 'a/1' } },
    { type: 'askVotes', params: { term: 4 } },
  ]);
});

test('thesis §9.6: a pre-vote changes neither term nor vote', () => {
  const { snapshot, actions } = moveRole(start('follower', 3, 'b/1'), { type: 'ELECTION_DUE' });
  assert.equal(snapshot.context.term, 3);
  assert.equal(snapshot.context.votedFor, 'b/1');
  assert.deepEqual(actions, [{ type: 'askPreVotes', params: { term: 4 } }]);
});

test('paper §5.1: a higher term turns every role into a follower without a vote', () => {
  for (const role of ['follower', 'preCandidate', 'candidate', 'leader'] as const) {
    const moved = moveRole(start(role, 3, 'a/1'), { type: 'HIGHER_TERM', term: 7, leader: 'b/1' });
    assert.equal(roleOf(moved.snapshot), 'follower', role);
    assert.deepEqual({ ...moved.snapshot.context }, { self: 'a/1', term: 7, votedFor: null, leader: 'b/1' });
    assert.ok(moved.actions.some(({ type }) => type === 'persistHardState'));
  }
});

test('paper §5.1: a stale term changes nothing', () => {
  const before = start('leader', 3, 'a/1');
  const { snapshot, actions } = moveRole(before, { type: 'HIGHER_TERM', term: 3, leader: 'b/1' });
  assert.equal(roleOf(snapshot), 'leader');
  assert.deepEqual(actions, []);
});

test('paper §5.2: one vote a term; a repeated question gets the same answer', () => {
  const voted = follow(start('follower'), { type: 'VOTE_GRANTED', candidate: 'b/1' });
  assert.equal(voted.context.votedFor, 'b/1');
  assert.deepEqual(moveRole(voted, { type: 'VOTE_GRANTED', candidate: 'c/1' }).actions, []);
  assert.equal(moveRole(voted, { type: 'VOTE_GRANTED', candidate: 'b/1' }).actions.length, 1);
});

test('a learner votes, and never campaigns; a recovering node does neither', () => {
  assert.equal(follow(start('learner'), { type: 'VOTE_GRANTED', candidate: 'b/1' }).context.votedFor, 'b/1');
  assert.equal(roleOf(follow(start('learner'), { type: 'ELECTION_DUE' })), 'learner');
  assert.equal(follow(start('recovering'), { type: 'VOTE_GRANTED', candidate: 'b/1' }).context.votedFor, null);
  assert.equal(roleOf(follow(start('recovering'), { type: 'ELECTION_DUE' })), 'recovering');
});

test('only a leader takes proposals and reads', () => {
  for (const role of ['recovering', 'learner', 'follower', 'preCandidate', 'candidate', 'removed'] as const) {
    assert.deepEqual(moveRole(start(role), { type: 'PROPOSED' }).actions, [], role);
    assert.deepEqual(moveRole(start(role), { type: 'READ_ASKED' }).actions, [], role);
  }
  assert.equal(moveRole(start('leader'), { type: 'PROPOSED' }).actions[0]?.type, 'acceptProposals');
});

test('I8: terms never go back and a vote never changes within its term, whatever happens', () => {
  const member = fc.constantFrom('a/1', 'b/1', 'c/1');
  const event: fc.Arbitrary<RaftRoleEvent> = fc.oneof(
    fc.constantFrom<RaftRoleEvent>(
      { type: 'ELECTION_DUE' },
      { type: 'PRE_VOTES_WON' },
      { type: 'VOTES_WON' },
      { type: 'QUORUM_LOST' },
      { type: 'PROPOSED' },
      { type: 'PROMOTED' },
      { type: 'CAUGHT_UP' },
    ),
    fc.record({ type: fc.constant('HIGHER_TERM' as const), term: fc.nat(12), leader: fc.option(member) }),
    fc.record({ type: fc.constant('LEADER_SEEN' as const), leader: member }),
    fc.record({ type: fc.constant('VOTE_GRANTED' as const), candidate: member }),
  );
  fc.assert(
    fc.property(fc.constantFrom<RaftRole>('recovering', 'learner', 'follower'), fc.array(event), (role, events) => {
      let snapshot = start(role);
      const votes = new Map<number, string>();
      for (const next of events) {
        const before = snapshot.context;
        const moved = moveRole(snapshot, next);
        snapshot = moved.snapshot;
        const { term, votedFor } = snapshot.context;
        assert.ok(term >= before.term);
        const changed = term !== before.term || votedFor !== before.votedFor;
        const persisted = moved.actions.find((action) => action.type === 'persistHardState');
        if (changed) assert.deepEqual(persisted?.params, { term, votedFor });
        if (votedFor !== null) {
          assert.equal(votes.get(term) ?? votedFor, votedFor);
          votes.set(term, votedFor);
        }
      }
    }),
  );
});
