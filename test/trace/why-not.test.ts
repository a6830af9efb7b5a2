import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machines } from '../../machines/all.ts';
import { raftRoleMachine } from '../../machines/raft-role.ts';
import type { RoleSeen } from '../../src/trace/format.ts';
import { GUARDS, whyNotTaken } from '../../src/trace/role-replay.ts';

const follower: RoleSeen = { role: 'follower', term: 7, vote: 'n2/a', leader: null };

test('every guard of every machine says in words what it found', () => {
  assert.deepEqual(Object.keys(raftRoleMachine.implementations.guards).sort(), Object.keys(GUARDS).sort());
  for (const [name, machine] of Object.entries(machines)) {
    if (name !== 'raft-role') assert.deepEqual(Object.keys(machine.implementations.guards), [], name);
  }
});

test('a vote that is taken, a term that is old, an event that the role does not have', () => {
  assert.equal(
    whyNotTaken(follower, { type: 'VOTE_GRANTED', candidate: 'n3/b' }),
    'isVoteFree said no: the vote of term 7 went to n2/a, and there is one a term',
  );
  assert.equal(whyNotTaken(follower, { type: 'VOTE_GRANTED', candidate: 'n2/a' }), null);
  assert.equal(
    whyNotTaken(follower, { type: 'HIGHER_TERM', term: 7, leader: null }),
    'isHigherTerm said no: the term is 7 already, and 7 is not higher',
  );
  assert.equal(whyNotTaken(follower, { type: 'HIGHER_TERM', term: 8, leader: null }), null);
  assert.equal(whyNotTaken(follower, { type: 'PROPOSED' }), 'follower takes no PROPOSED: leader would');
  assert.equal(whyNotTaken(follower, { type: 'REMOVED' }), null);
});
