import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createCluster,
  diskWrites,
  elect,
  feed,
  membersNamed,
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
import { crash, memberOf, running, start, TIMINGS } from './cluster/node.ts';
import { append, heartbeat, ofType, preVote, proposals, requestVote, restartWith, take, tell } from './cluster/say.ts';

/** Bugs that shipped in other implementations, by their numbers: elections. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

describe('case 2: a vote is answered before it is durable, the power is cut, and it votes again', () => {
  test('the answer waits for the disk; cut off before that, the vote was not given', () => {
    const cluster = three();
    const voter = nodeNamed(cluster, 'n1');
    voter.diskStalls = true;
    assert.deepEqual(tell(cluster, 'n1', 'n2', 1, requestVote()), []);
    crash(voter);
    start(voter);
    voter.diskStalls = false;
    assert.equal(ofType(tell(cluster, 'n1', 'n3', 1, requestVote()), 'vote-answer')[0]?.granted, true);
  });

  test('cut off after it, the vote is remembered', () => {
    const cluster = three();
    assert.equal(ofType(tell(cluster, 'n1', 'n2', 1, requestVote()), 'vote-answer')[0]?.granted, true);
    crash(nodeNamed(cluster, 'n1'));
    start(nodeNamed(cluster, 'n1'));
    assert.equal(ofType(tell(cluster, 'n1', 'n3', 1, requestVote()), 'vote-answer')[0]?.granted, false);
  });

  test('a candidate asks for votes, and counts them, only once its own is on disk', () => {
    const cluster = three();
    const candidate = nodeNamed(cluster, 'n1');
    timeOut(cluster, candidate);
    candidate.diskStalls = true;
    take(cluster, 'n1');
    assert.deepEqual(tell(cluster, 'n1', 'n2', 0, { type: 'pre-vote-answer', forTerm: 1, granted: true }), []);
    assert.equal(roleNow(cluster, 'n1'), 'candidate');
    for (const name of ['n2', 'n3']) tell(cluster, 'n1', name, 1, { type: 'vote-answer', granted: true });
    assert.equal(roleNow(cluster, 'n1'), 'candidate');
    diskWrites(cluster, candidate);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
  });

  test('what was promised in a term that has passed meanwhile is not said any more', () => {
    const cluster = three();
    const voter = nodeNamed(cluster, 'n1');
    voter.diskStalls = true;
    tell(cluster, 'n1', 'n2', 1, requestVote());
    tell(cluster, 'n1', 'n3', 2, requestVote());
    diskWrites(cluster, voter);
    const said = take(cluster, 'n1').map(({ to, term }) => `${to} in term ${term}`);
    assert.deepEqual(said, ['n3/i1 in term 2']);
  });
});

test('case 4: a candidate raises its term and keeps the old vote: it votes for itself, in one write', () => {
  const cluster = three();
  restartWith(cluster, 'n1', [], 1, memberOf('n2'));
  timeOut(cluster, nodeNamed(cluster, 'n1'));
  tell(cluster, 'n1', 'n2', 1, { type: 'pre-vote-answer', forTerm: 2, granted: true });
  const written = effectsOf(cluster, 'n1', 'persist').map(({ hardState }) => hardState);
  assert.deepEqual(written, [{ term: 2, votedFor: 'n1/i1' }]);
});

describe('case 12: a learner that does not know of its promotion refuses its vote', () => {
  const unaware = () => {
    const cluster = createCluster({
      members: [...membersNamed('voter', 'n1', 'n2'), ...membersNamed('learner', 'n3')],
    });
    assert.equal(roleNow(cluster, 'n3'), 'learner');
    return cluster;
  };

  test('it answers whoever asks, as a voter would', () => {
    const cluster = unaware();
    assert.equal(ofType(tell(cluster, 'n3', 'n1', 0, preVote(1)), 'pre-vote-answer')[0]?.granted, true);
    assert.equal(ofType(tell(cluster, 'n3', 'n1', 1, requestVote()), 'vote-answer')[0]?.granted, true);
    assert.equal(ofType(tell(cluster, 'n3', 'n2', 1, requestVote()), 'vote-answer')[0]?.granted, false);
  });

  test('and never campaigns, not even when it is told to', () => {
    const cluster = unaware();
    const learner = nodeNamed(cluster, 'n3');
    for (let passed = 0; passed < 10; passed += 1) tick(cluster, learner, TIMINGS.electionTimeoutMaxMs);
    tell(cluster, 'n3', 'n1', 1, append(0, 0, []));
    tell(cluster, 'n3', 'n1', 1, { type: 'timeout-now' });
    assert.equal(roleNow(cluster, 'n3'), 'learner');
    assert.deepEqual(ofType(take(cluster, 'n3'), 'vote'), []);
  });
});

describe('case 14: a removed node with a stale configuration inflates terms', () => {
  test('pre-vote keeps its term where it is; who hears a leader grants nothing, and takes no term over', () => {
    const cluster = three();
    elect(cluster, 'n1');
    passSettling(cluster, 80);
    assert.equal(ofType(tell(cluster, 'n2', 'n3', 1, preVote(2, 9, 1)), 'pre-vote-answer')[0]?.granted, false);
    assert.deepEqual(tell(cluster, 'n2', 'n3', 9, requestVote(9, 8)), [], 'a real vote is not even answered');
    assert.equal(running(nodeNamed(cluster, 'n2')).role.context.term, 1);
    assert.equal(ofType(tell(cluster, 'n1', 'n3', 1, preVote(2, 9, 1)), 'pre-vote-answer')[0]?.granted, false);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
  });

  test('when the leader has been silent for the shortest election timeout, votes are to be had again', () => {
    const cluster = three();
    pass(cluster, 0);
    elect(cluster, 'n1');
    const voter = nodeNamed(cluster, 'n2');
    tick(cluster, voter, TIMINGS.electionTimeoutMinMs - 1);
    assert.equal(ofType(tell(cluster, 'n2', 'n3', 1, preVote(2, 9, 1)), 'pre-vote-answer')[0]?.granted, false);
    tick(cluster, voter, 1);
    assert.equal(ofType(tell(cluster, 'n2', 'n3', 1, preVote(2, 9, 1)), 'pre-vote-answer')[0]?.granted, true);
  });

  test('who knows the leader of a term has no vote left in it', () => {
    const cluster = three();
    tell(cluster, 'n2', 'n1', 1, append(0, 0, []));
    assert.equal(ofType(tell(cluster, 'n2', 'n3', 1, requestVote()), 'vote-answer')[0]?.granted, false);
    assert.equal(running(nodeNamed(cluster, 'n2')).role.context.votedFor, null);
  });

  test('removed while it was away, it campaigns for ever and disturbs nobody', () => {
    const cluster = createCluster(votersNamed('n1', 'n2', 'n3', 'n4'));
    elect(cluster, 'n1');
    part(cluster, ['n4'], ['n1', 'n2', 'n3']);
    feed(cluster, nodeNamed(cluster, 'n1'), {
      type: 'change-members',
      changeId: 1,
      change: { type: 'remove', nodeId: 'n4' as never },
    });
    passSettling(cluster, 5_000);
    cluster.cut.clear();
    passSettling(cluster, 5_000);
    assert.equal(running(nodeNamed(cluster, 'n1')).role.context.term, 1);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    assert.equal(running(nodeNamed(cluster, 'n4')).role.context.term, 1);
  });
});

describe('case 15: a pre-vote at a lower term is dropped in silence, and nobody is ever elected', () => {
  test('it is answered, with the term', () => {
    const cluster = three();
    restartWith(cluster, 'n1', [], 5);
    const [answer] = ofType(tell(cluster, 'n1', 'n2', 1, preVote(2, 9, 1)), 'pre-vote-answer');
    assert.deepEqual([answer?.term, answer?.granted], [5, false]);
  });

  test('and so two of three with different terms elect one', () => {
    const cluster = three();
    crash(nodeNamed(cluster, 'n3'));
    // n2 has the longer log, and n1 a term of an election that nobody heard of.
    restartWith(cluster, 'n1', [1], 5);
    restartWith(cluster, 'n2', [1, 1], 1);
    passSettling(cluster, 3_000);
    assert.ok(['n1', 'n2'].some((name) => roleNow(cluster, name) === 'leader'));
  });

  test('an answer at a lower term than the question counts as well', () => {
    const cluster = three();
    crash(nodeNamed(cluster, 'n3'));
    restartWith(cluster, 'n1', [1, 1], 5);
    restartWith(cluster, 'n2', [1], 1);
    elect(cluster, 'n1');
    assert.equal(roleNow(cluster, 'n2'), 'follower');
  });
});

test('case 17: one follower cannot reach the leader, which reaches everybody else: no disruption', () => {
  const cluster = three();
  elect(cluster, 'n1');
  cluster.cut.add('n1>n3');
  cluster.cut.add('n3>n1');
  passSettling(cluster, 8_000);
  assert.equal(roleNow(cluster, 'n1'), 'leader');
  for (const name of ['n1', 'n2', 'n3']) assert.equal(running(nodeNamed(cluster, name)).role.context.term, 1, name);
  feed(cluster, nodeNamed(cluster, 'n1'), proposals('a'));
  settle(cluster);
  assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 2);
});

describe('case 24: the leader’s disk write fails after the sends', () => {
  test('what the disk did not confirm is never said: no vote, no acknowledgement, no election', () => {
    const cluster = three();
    const node = nodeNamed(cluster, 'n1');
    node.diskStalls = true;
    assert.deepEqual(tell(cluster, 'n1', 'n2', 1, requestVote()), []);
    assert.deepEqual(tell(cluster, 'n1', 'n2', 1, append(0, 0, [1])), []);
    assert.deepEqual(tell(cluster, 'n1', 'n2', 1, heartbeat(1)), [], 'heartbeats depend on the disk');
    diskWrites(cluster, node);
    assert.deepEqual(
      take(cluster, 'n1').map(({ type }) => type),
      ['vote-answer', 'appended', 'heartbeat-answer'],
    );
  });
});

describe('case 25: the leader’s disk stalls while heartbeats flow, and nobody takes over', () => {
  test('a leader that cannot write falls silent, and another is elected', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    leader.diskStalls = true;
    feed(cluster, leader, proposals('a'));
    settle(cluster);
    tick(cluster, leader, TIMINGS.electionTimeoutMinMs);
    feed(cluster, leader, proposals('b'));
    assert.deepEqual(take(cluster, 'n1'), [], 'neither heartbeats nor appends');
    passSettling(cluster, 3_000);
    assert.notEqual(roleNow(cluster, 'n1'), 'leader');
    assert.ok(['n2', 'n3'].some((name) => roleNow(cluster, name) === 'leader'));
  });

  test('a short stall is none', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    leader.diskStalls = true;
    feed(cluster, leader, proposals('a'));
    passSettling(cluster, TIMINGS.electionTimeoutMinMs - 100);
    leader.diskStalls = false;
    passSettling(cluster, 3_000);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    assert.equal(running(leader).role.context.term, 1);
  });
});
