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

const ROLES = ['recovering', 'learner', 'follower', 'preCandidate', 'candidate', 'leader', 'removed'] as const;

/** Where an event leads from each role, in the order of ROLES. */
const moved = (event: RaftRoleEvent): RaftRole[] => ROLES.map((role) => roleOf(follow(start(role), event)));

test('paper §6: a vote given by the configuration makes a learner a follower, and nothing else', () => {
  const same = ['preCandidate', 'candidate', 'leader', 'removed'];
  assert.deepEqual(moved({ type: 'PROMOTED' }), ['recovering', 'follower', 'follower', ...same]);
});

test('paper §6: a vote taken away ends a candidacy; a leader leads on until that is committed', () => {
  const learners = ['learner', 'learner', 'learner', 'learner'];
  assert.deepEqual(moved({ type: 'DEMOTED' }), ['recovering', ...learners, 'leader', 'removed']);
});

test('thesis §3.10: told to campaign, a follower does so at once, without asking first', () => {
  const stays = ['recovering', 'learner'];
  const event: RaftRoleEvent = { type: 'CAMPAIGN_NOW' };
  assert.deepEqual(moved(event), [...stays, 'candidate', 'candidate', 'candidate', 'leader', 'removed']);
  const { snapshot, actions } = moveRole(start('follower', 3, 'b/1'), event);
  assert.deepEqual({ ...snapshot.context }, { self: 'a/1', term: 4, votedFor: 'a/1', leader: null });
  assert.deepEqual(
    actions.map(({ type }) => type),
    ['persistHardState', 'askVotes'],
  );
});

test('raft.md case 30: who lost part of its log has no vote from then on, until it is whole', () => {
  const stays = ['preCandidate', 'candidate', 'leader'];
  const recovers = ['recovering', 'recovering', 'recovering'];
  assert.deepEqual(moved({ type: 'LOG_LOST' }), [...recovers, ...stays, 'recovering']);
  assert.equal(roleOf(follow(start('recovering'), { type: 'CAUGHT_UP' })), 'follower');
});

test('raft.md case 11: who was removed never campaigns any more, whatever it was', () => {
  assert.deepEqual(
    moved({ type: 'REMOVED' }),
    // Who recovers reads what may be from before it was added again, and has no vote until it is whole.
    ROLES.map((role) => (role === 'recovering' ? role : 'removed')),
  );
  const never: readonly RaftRoleEvent[] = [{ type: 'ELECTION_DUE' }, { type: 'CAMPAIGN_NOW' }, { type: 'PROMOTED' }];
  for (const event of never) {
    const { snapshot, actions } = moveRole(start('removed'), event);
    assert.equal(roleOf(snapshot), 'removed', event.type);
    assert.equal(snapshot.context.votedFor, start('removed').context.votedFor, event.type);
    assert.deepEqual(actions, [], event.type);
  }
});

test('raft.md case 12: it votes when it is asked, for it may have been added again and not know yet', () => {
  const { snapshot } = moveRole(start('removed'), { type: 'VOTE_GRANTED', candidate: 'b/1' });
  assert.deepEqual([roleOf(snapshot), snapshot.context.votedFor], ['removed', 'b/1']);
});

test('who was removed still hears a leader, in whatever term, and is a learner once it is named again', () => {
  const hears = follow(start('removed'), { type: 'HIGHER_TERM', term: 9, leader: 'b/1' });
  assert.deepEqual([roleOf(hears), hears.context.term, hears.context.leader], ['removed', 9, 'b/1']);
  assert.equal(roleOf(follow(hears, { type: 'READMITTED' })), 'learner');
  const others = ROLES.filter((role) => role !== 'removed');
  for (const role of others) assert.equal(roleOf(follow(start(role), { type: 'READMITTED' })), role);
});

test('a leader that ends says so, whatever ended it, and leads nobody any more', () => {
  const leading = follow(start('preCandidate'), { type: 'PRE_VOTES_WON' }, { type: 'VOTES_WON' });
  assert.equal(leading.context.leader, 'a/1');
  const ends: readonly RaftRoleEvent[] = [{ type: 'QUORUM_LOST' }, { type: 'HIGHER_TERM', term: 9, leader: null }];
  for (const event of ends) {
    const { snapshot, actions } = moveRole(leading, event);
    assert.equal(actions[0]?.type, 'stepDown', event.type);
    assert.equal(snapshot.context.leader, null, event.type);
  }
  const removed = moveRole(leading, { type: 'REMOVED' });
  assert.equal(removed.actions[0]?.type, 'stepDown');
  assert.equal(removed.snapshot.context.leader, null);
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
      { type: 'DEMOTED' },
      { type: 'CAMPAIGN_NOW' },
      { type: 'LOG_LOST' },
      { type: 'CAUGHT_UP' },
      { type: 'REMOVED' },
    ),
    fc.record({ type: fc.constant('HIGHER_TERM' as const), term: fc.nat(12), leader: fc.option(member) }),
    fc.record({ type: fc.constant('LEADER_SEEN' as const), leader: member }),
    fc.record({ type: fc.constant('VOTE_GRANTED' as const), candidate: member }),
  );
  fc.assert(
    fc.property(fc.constantFrom<RaftRole>(...ROLES), fc.array(event), (role, events) => {
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
