import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createCluster,
  elect,
  feed,
  nodeNamed,
  part,
  pass,
  passSettling,
  roleNow,
  settle,
  tick,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { effectsOf } from './cluster/effects.ts';
import { running, TIMINGS } from './cluster/node.ts';
import { append, heartbeat, ofType, proposals, restartWith, tell, termsOf } from './cluster/say.ts';

/** Bugs that shipped in other implementations, by their numbers: what is committed, and what leaders do that lead no more. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

test('case 1, Figure 8: an old-term entry on a majority is not taken for committed, and may be overwritten', () => {
  const cluster = createCluster(votersNamed('s1', 's2', 's3', 's4', 's5'));
  const logs = { s1: [1, 2], s2: [1, 2], s3: [1], s4: [1], s5: [1, 3] };
  for (const [name, log] of Object.entries(logs)) restartWith(cluster, name, log, 3);
  pass(cluster, 0);
  // (c): s1 leads term 4 and brings its entry of term 2 to s3. Its own entry of term 4 reaches nobody.
  const s1 = nodeNamed(cluster, 's1');
  timeOut(cluster, s1);
  tell(cluster, 's1', 's2', 3, { type: 'pre-vote-answer', forTerm: 4, granted: true });
  tell(cluster, 's1', 's3', 3, { type: 'pre-vote-answer', forTerm: 4, granted: true });
  tell(cluster, 's1', 's2', 4, { type: 'vote-answer', granted: true });
  tell(cluster, 's1', 's3', 4, { type: 'vote-answer', granted: true });
  assert.equal(roleNow(cluster, 's1'), 'leader');
  tell(cluster, 's3', 's1', 4, append(1, 1, [2]));
  for (const name of ['s2', 's3']) tell(cluster, 's1', name, 4, { type: 'appended', matchIndex: 2 });
  assert.deepEqual(
    ['s1', 's2', 's3'].map((name) => termsOf(nodeNamed(cluster, name))[1]),
    [2, 2, 2],
  );
  assert.equal(running(s1).commitIndex, 0, 'on a majority, and not committed');
  // (d): s5 may still be elected, and overwrites it.
  tell(cluster, 's5', 's1', 4, heartbeat(1));
  part(cluster, ['s1'], ['s2', 's3', 's4', 's5']);
  tick(cluster, nodeNamed(cluster, 's3'), TIMINGS.electionTimeoutMinMs);
  elect(cluster, 's5');
  assert.equal(termsOf(nodeNamed(cluster, 's3'))[1], 3);
});

describe('case 21: a stalled ex-leader wakes, and performs a leader’s side effects', () => {
  test('after a pause longer than an election, its first tick finds no quorum: it leads no more, and says so', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const sleeper = nodeNamed(cluster, 'n1');
    passSettling(cluster, 80);
    part(cluster, ['n1'], ['n2', 'n3']);
    // It learns that time has passed in two steps: what was heard before the pause counts once.
    tick(cluster, sleeper, TIMINGS.electionTimeoutMaxMs);
    tick(cluster, sleeper, TIMINGS.electionTimeoutMinMs);
    assert.equal(roleNow(cluster, 'n1'), 'follower');
    const changes = effectsOf(cluster, 'n1', 'role-changed').map(({ role, leader }) => ({ role, leader }));
    assert.deepEqual(changes.at(-1), { role: 'follower', leader: null });
  });

  test('and until then serves no read, and commits no write', () => {
    const cluster = three();
    elect(cluster, 'n1');
    part(cluster, ['n1'], ['n2', 'n3']);
    feed(cluster, nodeNamed(cluster, 'n1'), { type: 'read', readIds: [1] }, proposals('a'));
    settle(cluster);
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), []);
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 1);
  });
});

describe('case 22: proposals hang after a step-down', () => {
  test('accepted at an index and a term, and another term committed there: the caller can tell', () => {
    const cluster = three();
    elect(cluster, 'n1');
    part(cluster, ['n1'], ['n2', 'n3']);
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('lost'));
    const [accepted] = effectsOf(cluster, 'n1', 'accepted');
    assert.deepEqual([accepted?.term, accepted?.at[0]?.index], [1, 2]);
    passSettling(cluster, 2_000);
    assert.equal(effectsOf(cluster, 'n1', 'role-changed').at(-1)?.leader, null, 'it says that it leads no more');
    cluster.cut.clear();
    passSettling(cluster, 2_000);
    assert.ok(running(nodeNamed(cluster, 'n1')).commitIndex >= 2);
    assert.notEqual(nodeNamed(cluster, 'n1').disk.entries[1]?.term, accepted?.term);
  });

  test('who leads no more refuses at once, for certain', () => {
    const cluster = three();
    elect(cluster, 'n1');
    part(cluster, ['n1'], ['n2', 'n3']);
    passSettling(cluster, 2_000);
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('late'));
    assert.equal(effectsOf(cluster, 'n1', 'refused').length, 1);
  });
});

describe('case 26: a stale append truncates below commit; commit runs past the matched prefix', () => {
  const follower = () => {
    const cluster = three();
    restartWith(cluster, 'n1', [1, 1, 1]);
    tell(cluster, 'n1', 'n2', 2, append(3, 1, [2], 3));
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 3);
    return cluster;
  };

  test('one that arrives late and says less removes nothing', () => {
    const cluster = follower();
    assert.equal(ofType(tell(cluster, 'n1', 'n2', 2, append(1, 1, [1], 1)), 'appended')[0]?.matchIndex, 2);
    assert.deepEqual(termsOf(nodeNamed(cluster, 'n1')), [1, 1, 1, 2]);
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 3);
  });

  test('one that conflicts with what is committed is dropped, and that is told', () => {
    const cluster = follower();
    assert.deepEqual(tell(cluster, 'n1', 'n2', 2, append(1, 1, [2, 2])), []);
    assert.deepEqual(termsOf(nodeNamed(cluster, 'n1')), [1, 1, 1, 2]);
    assert.match(effectsOf(cluster, 'n1', 'dropped')[0]?.cause ?? '', /conflicts with a committed one/);
  });

  test('what follows the entries that a message vouches for is not committed by it', () => {
    const cluster = three();
    // The tail is of a leader that failed; only its beginning is known to be that of the new one.
    restartWith(cluster, 'n1', [1, 1, 1, 1]);
    tell(cluster, 'n1', 'n2', 2, append(1, 1, [1], 4));
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 2);
    tell(cluster, 'n1', 'n2', 2, append(2, 1, [2], 4));
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 3);
  });

  test('a leader tells a peer of no commit beyond what the peer has acknowledged, in a heartbeat', () => {
    const cluster = three();
    elect(cluster, 'n1');
    world(cluster);
    const beats = cluster.inFlight.filter(({ to, type }) => to === 'n3/i1' && type === 'heartbeat');
    assert.deepEqual(
      beats.map((beat) => beat.type === 'heartbeat' && beat.commitIndex),
      [1],
    );
  });

  /** n1 and n2 commit what n3 did not get; then it is time for a heartbeat. */
  function world(cluster: ReturnType<typeof three>): void {
    cluster.cut.add('n1>n3');
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('a', 'b'));
    settle(cluster);
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 3);
    tick(cluster, nodeNamed(cluster, 'n1'), TIMINGS.heartbeatMs);
  }
});
