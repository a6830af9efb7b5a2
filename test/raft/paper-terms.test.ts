import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MessageBody } from '../../src/raft/messages.ts';
import { type Cluster, createCluster, nodeNamed, roleNow, timeOut, votersNamed } from './cluster/cluster.ts';
import { running } from './cluster/node.ts';
import { append, heartbeat, ofType, requestVote, restartWith, take, tell } from './cluster/say.ts';

/** Paper §5.1: terms are a logical clock, exchanged with every message. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));
const termOf = (cluster: Cluster): number => running(nodeNamed(cluster, 'n1')).role.context.term;

/** n1 of term 3, after an entry of term 1. */
function as(role: 'follower' | 'candidate' | 'leader'): Cluster {
  const cluster = three();
  restartWith(cluster, 'n1', [1], role === 'follower' ? 3 : 2);
  if (role !== 'follower') {
    timeOut(cluster, nodeNamed(cluster, 'n1'));
    tell(cluster, 'n1', 'n2', 2, { type: 'pre-vote-answer', forTerm: 3, granted: true });
  }
  if (role === 'leader') tell(cluster, 'n1', 'n2', 3, { type: 'vote-answer', granted: true });
  assert.equal(roleNow(cluster, 'n1'), role);
  assert.equal(termOf(cluster), 3);
  take(cluster, 'n1');
  return cluster;
}

describe('§5.1: a server whose current term is smaller takes over the larger one, and becomes a follower', () => {
  const said: readonly (readonly [string, MessageBody])[] = [
    ['AppendEntries', append(0, 0, [])],
    ['a heartbeat', heartbeat(1)],
    ['RequestVote', requestVote()],
    ['an answer', { type: 'append-refused', prevIndex: 0, lastIndex: 0, hintIndex: 0, hintTerm: 0 }],
  ];
  for (const role of ['follower', 'candidate', 'leader'] as const) {
    for (const [words, body] of said) {
      // A leader that is alive is not disturbed by a candidate (thesis §4.2.3); everybody else follows.
      const disturbed = role === 'leader' && body.type === 'vote';
      test(`a ${role}, by ${words}${disturbed ? ': not while it leads' : ''}`, () => {
        const cluster = as(role);
        tell(cluster, 'n1', 'n2', 7, body);
        assert.equal(termOf(cluster), disturbed ? 3 : 7);
        assert.equal(roleNow(cluster, 'n1'), disturbed ? 'leader' : 'follower');
        assert.equal(nodeNamed(cluster, 'n1').disk.hardState.term, disturbed ? 3 : 7, 'and writes it down');
      });
    }
  }
});

describe('§5.1: a request with a stale term is rejected', () => {
  for (const role of ['follower', 'candidate', 'leader'] as const) {
    test(`by a ${role}: nothing changes, and who asked learns the term`, () => {
      const cluster = as(role);
      const node = nodeNamed(cluster, 'n1');
      const before = { ...running(node).role.context };
      const { lastIndex } = running(node).log;
      const [voted] = tell(cluster, 'n1', 'n2', 2, requestVote(9, 2));
      assert.deepEqual(voted && { ...voted }, {
        ...{ from: 'n1/i1', to: 'n2/i1' },
        ...{ type: 'vote-answer', term: 3, granted: false },
      });
      const [refused] = ofType(tell(cluster, 'n1', 'n2', 2, append(1, 1, [2], 2)), 'append-refused');
      assert.equal(refused?.term, 3);
      assert.equal(ofType(tell(cluster, 'n1', 'n2', 2, heartbeat(1, 1)), 'append-refused')[0]?.term, 3);
      assert.deepEqual({ ...running(node).role.context }, before);
      assert.equal(running(node).log.lastIndex, lastIndex);
      assert.equal(roleNow(cluster, 'n1'), role);
      assert.equal(running(node).commitIndex, 0);
    });
  }

  test('a stale answer counts for nothing', () => {
    const cluster = as('leader');
    const leader = nodeNamed(cluster, 'n1');
    tell(cluster, 'n1', 'n2', 2, { type: 'appended', matchIndex: 2 });
    assert.equal(running(leader).commitIndex, 0);
    tell(cluster, 'n1', 'n2', 3, { type: 'appended', matchIndex: 2 });
    assert.equal(running(leader).commitIndex, 2);
  });
});
