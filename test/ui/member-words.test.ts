import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { behindInWords, heardInWords, spareInWords } from '../../src/ui/cluster/member-words.ts';

describe('how a member stands', () => {
  const leader = { commit_index: 10, role: 'leader' };
  const member = { match_index: 9, role: 'follower', alive: true };
  test('how far it is behind, of one that is heard', () => {
    assert.equal(behindInWords(leader, member), '1 entry');
    assert.equal(behindInWords({ ...leader, role: 'follower' }, { ...member, match_index: 8 }), 'up to 2 entries');
    assert.equal(behindInWords(leader, { ...member, match_index: 12 }), 'up to date');
    assert.equal(behindInWords(leader, { ...member, match_index: null }), '–');
  });
  test('of one that is silent nobody knows', () => {
    assert.equal(behindInWords(leader, { ...member, alive: false }), 'not known');
  });
  test('when it was heard', () => {
    assert.equal(heardInWords({ lag_ms: 40, alive: true }), '40 ms ago');
    assert.equal(heardInWords({ lag_ms: 1_040, alive: true }), '1 s ago');
    assert.equal(heardInWords({ lag_ms: 70_472, alive: false }), 'silent for 1 min 10 s');
    assert.equal(heardInWords({ lag_ms: null, alive: false }), 'never, so far');
  });
  test('how many voters may still be lost', () => {
    const voter = (alive: boolean) => ({ kind: 'voter' as const, alive });
    const worker = { kind: 'worker' as const, alive: false };
    assert.equal(
      spareInWords([voter(true), voter(true), voter(false), worker]),
      'The others send in its place. 2 of 3 voters are heard, and 2 are needed: without one more of them nothing fires.',
    );
    assert.equal(
      spareInWords([voter(true), voter(true), voter(true), worker]),
      'The others send in its place. 3 of 3 voters are heard, and 2 are needed: 1 more may be lost.',
    );
  });
});
