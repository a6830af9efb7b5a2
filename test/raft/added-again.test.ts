import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '../../src/raft/messages.ts';
import type { Configuration, Entry } from '../../src/raft/types.ts';
import { add, change, remove } from './cluster/change.ts';
import {
  type Cluster,
  createCluster,
  elect,
  feed,
  membersNamed,
  nodeNamed,
  passSettling,
  roleNow,
  settle,
  votersNamed,
} from './cluster/cluster.ts';
import { compactThrough } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { crash, running, start } from './cluster/node.ts';
import { ofType, preVote, proposals, requestVote, tell } from './cluster/say.ts';

/** What becomes of the removed (ops/decisions/0007). */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

describe('a member that was removed and is added again under the same instance', () => {
  /** n3 knows that it is removed, and nobody speaks to it any more. */
  function removedLongAgo(): Cluster {
    const cluster = three();
    elect(cluster, 'n1');
    change(cluster, 'n1', remove('n3'), 200);
    assert.equal(roleNow(cluster, 'n3'), 'removed');
    passSettling(cluster, 4_000);
    return cluster;
  }

  test('listens, is promoted, and its vote counts', () => {
    const cluster = removedLongAgo();
    assert.deepEqual(change(cluster, 'n1', add('learner', 'n3'), 500), { kind: 'done' });
    assert.equal(roleNow(cluster, 'n3'), 'follower');
    crash(nodeNamed(cluster, 'n2'));
    crash(nodeNamed(cluster, 'n1'));
    start(nodeNamed(cluster, 'n2'));
    passSettling(cluster, 2_000);
    assert.ok(['n2', 'n3'].some((name) => roleNow(cluster, name) === 'leader'));
  });

  test('case 12: votes before it knows, for one that counts on it', () => {
    const cluster = removedLongAgo();
    // n2 has the entries that add and promote it; n1, which wrote them, is gone.
    const { lastIndex, lastTerm } = running(nodeNamed(cluster, 'n1')).log;
    passSettling(cluster, 2_000);
    const [preVoted] = tell(cluster, 'n3', 'n2', 1, preVote(2, lastIndex + 2, lastTerm));
    assert.equal(preVoted?.type === 'pre-vote-answer' && preVoted.granted, true);
    const [voted] = tell(cluster, 'n3', 'n2', 2, requestVote(lastIndex + 2, lastTerm));
    assert.equal(voted?.type === 'vote-answer' && voted.granted, true);
    assert.equal(roleNow(cluster, 'n3'), 'removed');
  });

  test('takes a snapshot where the log that it needs is gone', () => {
    const cluster = removedLongAgo();
    const leader = nodeNamed(cluster, 'n1');
    feed(cluster, leader, proposals('a', 'b', 'c'));
    settle(cluster);
    const index = running(leader).commitIndex;
    feed(cluster, leader, { type: 'compacted', index, term: compactThrough(leader.disk, index) });
    assert.deepEqual(change(cluster, 'n1', add('learner', 'n3'), 1_000), { kind: 'done' });
    assert.equal(roleNow(cluster, 'n3'), 'follower');
    assert.equal(running(nodeNamed(cluster, 'n3')).commitIndex, running(leader).commitIndex);
  });

  test('hears of both in one turn, and is a member at the end of it', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const node = nodeNamed(cluster, 'n3');
    const { lastIndex, lastTerm } = running(node).log;
    const term = lastTerm;
    const entry = (index: number, configuration: Configuration): Entry => ({
      index,
      term,
      kind: 'configuration',
      data: JSON.stringify(configuration),
    });
    const appended = (prevIndex: number, commitIndex: number, ...entries: readonly Entry[]): Message => ({
      type: 'append',
      prevIndex,
      prevTerm: term,
      entries,
      commitIndex,
      from: nodeNamed(cluster, 'n1').id,
      to: node.id,
      term,
    });
    const two = votersNamed('n1', 'n2');
    const joint: Configuration = { ...two, outgoing: votersNamed('n1', 'n2', 'n3').members };
    const again: Configuration = { members: [...two.members, ...membersNamed('worker', 'n3')] };
    const at = lastIndex;
    const removal = appended(at, at + 2, entry(at + 1, joint), entry(at + 2, two));
    const addition = appended(at + 2, at + 2, entry(at + 3, again));
    feed(cluster, node, { type: 'receive', messages: [removal, addition] });
    settle(cluster);
    assert.equal(roleNow(cluster, 'n3'), 'learner');
  });

  test('who asks it for anything in between hears that it is none', () => {
    const cluster = removedLongAgo();
    const removed = nodeNamed(cluster, 'n3');
    feed(cluster, removed, proposals('a'), { type: 'read', readIds: [7] });
    assert.deepEqual(effectsOf(cluster, 'n3', 'refused').at(-1)?.leader, null);
    assert.deepEqual(effectsOf(cluster, 'n3', 'read-refused').at(-1)?.readIds, [7]);
    const answers = tell(cluster, 'n3', 'n2', 1, { type: 'read-index', readIds: [8] });
    assert.deepEqual(
      ofType(answers, 'read-index-answer').map(({ readIds, index }) => ({ readIds, index })),
      [{ readIds: [8], index: null }],
    );
  });
});
