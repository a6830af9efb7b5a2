import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCluster, nodeNamed, roleNow, timeOut, votersNamed } from './cluster/cluster.ts';
import { running } from './cluster/node.ts';
import { ofType, preVote, requestVote, restartWith, take, tell } from './cluster/say.ts';

/** Paper §5.4: what keeps a leader's log complete. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

describe('§5.4.1: RequestVote includes information about the candidate’s log', () => {
  for (const log of [[1], [1, 2]] as const) {
    test(`its log is [${log}]`, () => {
      const cluster = three();
      restartWith(cluster, 'n1', log, 2);
      timeOut(cluster, nodeNamed(cluster, 'n1'));
      const end = { lastIndex: log.length, lastTerm: log.at(-1) };
      for (const { lastIndex, lastTerm } of ofType(take(cluster, 'n1'), 'pre-vote')) {
        assert.deepEqual({ lastIndex, lastTerm }, end);
      }
      const asked = ofType(
        tell(cluster, 'n1', 'n2', 2, { type: 'pre-vote-answer', forTerm: 3, granted: true }),
        'vote',
      );
      assert.equal(asked.length, 2);
      for (const { term, lastIndex, lastTerm } of asked) {
        assert.equal(term, 3);
        assert.deepEqual({ lastIndex, lastTerm }, end);
      }
    });
  }
});

describe('§5.4.1: the voter denies its vote if its own log is more up-to-date than the candidate’s', () => {
  const cases: readonly (readonly [log: readonly number[], lastTerm: number, lastIndex: number, granted: boolean])[] = [
    // The same last term: the longer log is more up-to-date.
    [[1], 1, 1, true],
    [[1], 1, 2, true],
    [[1, 1], 1, 1, false],
    // The later last term is more up-to-date, whatever the length.
    [[1], 2, 1, true],
    [[1], 2, 2, true],
    [[1, 1], 2, 1, true],
    [[2], 1, 1, false],
    [[2], 1, 2, false],
    [[1, 2], 1, 9, false],
  ];
  for (const [log, lastTerm, lastIndex, granted] of cases) {
    const words = `its log is [${log}], the candidate’s ends at ${lastIndex} of term ${lastTerm}`;
    test(`${words}: ${granted ? 'granted' : 'denied'}`, () => {
      const cluster = three();
      restartWith(cluster, 'n1', log, 3);
      const asked = tell(cluster, 'n1', 'n2', 3, preVote(4, lastIndex, lastTerm));
      assert.equal(ofType(asked, 'pre-vote-answer')[0]?.granted, granted, 'PreVote');
      const voted = tell(cluster, 'n1', 'n2', 4, requestVote(lastIndex, lastTerm));
      assert.equal(ofType(voted, 'vote-answer')[0]?.granted, granted, 'RequestVote');
    });
  }
});

describe('§5.4.2: only log entries from the leader’s current term are committed by counting replicas', () => {
  const cases: readonly (readonly [matchIndex: number, commitIndex: number])[] = [
    // Of earlier terms.
    [1, 0],
    [2, 0],
    // The entry with which its own term begins, and all before it.
    [3, 3],
  ];
  for (const [matchIndex, commitIndex] of cases) {
    test(`its log is [1,2,3], it leads term 3, and a majority holds ${matchIndex}: ${commitIndex} is committed`, () => {
      const cluster = three();
      const leader = restartWith(cluster, 'n1', [1, 2], 2);
      timeOut(cluster, leader);
      tell(cluster, 'n1', 'n2', 2, { type: 'pre-vote-answer', forTerm: 3, granted: true });
      tell(cluster, 'n1', 'n2', 3, { type: 'vote-answer', granted: true });
      assert.equal(roleNow(cluster, 'n1'), 'leader');
      tell(cluster, 'n1', 'n2', 3, { type: 'appended', matchIndex });
      assert.equal(running(leader).commitIndex, commitIndex);
    });
  }
});
