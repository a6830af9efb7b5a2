import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Configuration, Entry, NodeId } from '../../src/raft/types.ts';
import { add, change, promote, remove } from './cluster/change.ts';
import {
  type Cluster,
  createCluster,
  deliver,
  diskWrites,
  elect,
  feed,
  membersNamed,
  nodeNamed,
  part,
  passSettling,
  roleNow,
  settle,
  tick,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { effectsOf } from './cluster/effects.ts';
import { configurationInWords } from './cluster/in-words.ts';
import { crash, createNode, memberOf, running, start, TIMINGS, wipe } from './cluster/node.ts';
import { ofType, proposals, requestVote, restartWith, take, tell } from './cluster/say.ts';

/** Bugs that shipped in other implementations, by their numbers: membership (paper §6). */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));
const inForce = (cluster: Cluster, name: string): string =>
  configurationInWords(running(nodeNamed(cluster, name)).configuration);
const configurationEntry = (index: number, term: number, configuration: Configuration): Entry => ({
  ...{ index, term, kind: 'configuration' },
  data: JSON.stringify(configuration),
});

describe('case 5: a new leader changes membership before its first entry is committed', () => {
  test('refused, and allowed right after', () => {
    const cluster = three();
    const leader = restartWith(cluster, 'n1', [1], 1);
    timeOut(cluster, leader);
    tell(cluster, 'n1', 'n2', 1, { type: 'pre-vote-answer', forTerm: 2, granted: true });
    tell(cluster, 'n1', 'n2', 2, { type: 'vote-answer', granted: true });
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    const outcome = change(cluster, 'n1', remove('n3'));
    assert.ok(outcome?.kind === 'refused');
    assert.match(outcome.reason, /has only begun/);
    tell(cluster, 'n1', 'n2', 2, { type: 'appended', matchIndex: 2 });
    assert.equal(change(cluster, 'n1', remove('n3')), undefined);
    assert.equal(inForce(cluster, 'n1'), '{n1 n2} leaving {n1 n2 n3}');
  });

  test('a second change is refused while one is under way', () => {
    const cluster = three();
    elect(cluster, 'n1');
    take(cluster, 'n1');
    change(cluster, 'n1', add('learner', 'n4'));
    const outcome = change(cluster, 'n1', add('learner', 'n5'));
    assert.ok(outcome?.kind === 'refused');
    assert.match(outcome.reason, /under way/);
  });
});

describe('case 6: the set of peers grows before the size of the quorum does', () => {
  test('both change when the configuration is appended: of four voters two are no majority any more', () => {
    const cluster = createCluster({
      members: [...membersNamed('voter', 'n1', 'n2', 'n3'), ...membersNamed('learner', 'n4')],
    });
    elect(cluster, 'n1');
    passSettling(cluster, 100);
    const leader = nodeNamed(cluster, 'n1');
    feed(cluster, leader, { type: 'change-members', changeId: 1, change: promote('n4') });
    passSettling(cluster, 400);
    assert.equal(inForce(cluster, 'n1'), '{n1 n2 n3 n4}');
    const { commitIndex } = running(leader);
    feed(cluster, leader, proposals('a'));
    take(cluster, 'n1');
    diskWrites(cluster, leader);
    tell(cluster, 'n1', 'n4', 1, { type: 'appended', matchIndex: commitIndex + 1 });
    assert.equal(running(leader).commitIndex, commitIndex);
    tell(cluster, 'n1', 'n2', 1, { type: 'appended', matchIndex: commitIndex + 1 });
    assert.equal(running(leader).commitIndex, commitIndex + 1);
  });

  test('while it is joint, a majority of the old voters alone commits nothing, nor one of the new alone', () => {
    for (const side of [
      ['n2', 'n3'],
      ['n4', 'n5'],
    ]) {
      const cluster = createCluster({
        members: membersNamed('voter', 'n1', 'n4', 'n5'),
        outgoing: membersNamed('voter', 'n1', 'n2', 'n3'),
      });
      for (const name of ['n2', 'n3']) cluster.nodes.set(name, createNode(name, { members: [] }));
      const leader = nodeNamed(cluster, 'n1');
      timeOut(cluster, leader);
      for (const name of ['n2', 'n4'])
        tell(cluster, 'n1', name, 0, { type: 'pre-vote-answer', forTerm: 1, granted: true });
      for (const name of ['n2', 'n4']) tell(cluster, 'n1', name, 1, { type: 'vote-answer', granted: true });
      assert.equal(roleNow(cluster, 'n1'), 'leader');
      for (const name of side) tell(cluster, 'n1', name, 1, { type: 'appended', matchIndex: 1 });
      assert.equal(running(leader).commitIndex, 0, `acknowledged by ${side}`);
      for (const name of ['n2', 'n4']) tell(cluster, 'n1', name, 1, { type: 'appended', matchIndex: 1 });
      assert.equal(running(leader).commitIndex, 1);
    }
  });

  test('and elects nobody', () => {
    for (const side of [
      ['n2', 'n3'],
      ['n4', 'n5'],
    ]) {
      const cluster = createCluster({
        members: membersNamed('voter', 'n1', 'n4', 'n5'),
        outgoing: membersNamed('voter', 'n1', 'n2', 'n3'),
      });
      timeOut(cluster, nodeNamed(cluster, 'n1'));
      for (const name of side) tell(cluster, 'n1', name, 0, { type: 'pre-vote-answer', forTerm: 1, granted: true });
      assert.equal(roleNow(cluster, 'n1'), 'preCandidate', `granted by ${side}`);
    }
  });
});

describe('case 7: a configuration that was truncated stays in force', () => {
  test('back to the one before it, with its majority and its roles', () => {
    const cluster = three();
    const node = nodeNamed(cluster, 'n1');
    const alone: Configuration = { members: [...membersNamed('voter', 'n2'), ...membersNamed('learner', 'n1')] };
    tell(cluster, 'n1', 'n2', 1, {
      ...{ type: 'append', prevIndex: 0, prevTerm: 0, commitIndex: 0 },
      entries: [configurationEntry(1, 1, alone)],
    });
    assert.equal(inForce(cluster, 'n1'), '{n2 learner n1}');
    assert.equal(roleNow(cluster, 'n1'), 'learner');
    tell(cluster, 'n1', 'n3', 2, {
      ...{ type: 'append', prevIndex: 0, prevTerm: 0, commitIndex: 0 },
      entries: [{ index: 1, term: 2, kind: 'term-started', data: '' }],
    });
    assert.equal(inForce(cluster, 'n1'), '{n1 n2 n3}');
    assert.equal(roleNow(cluster, 'n1'), 'follower');
    assert.deepEqual(running(node).voters.incoming, ['n1/i1', 'n2/i1', 'n3/i1']);
    const placed = effectsOf(cluster, 'n1', 'configuration-changed').at(-1)?.placed;
    assert.equal(placed?.index, 0);
  });
});

describe('case 9: replaying the log, a node takes the cluster for its own and elects itself', () => {
  test('the configuration in force is known before anything else', () => {
    const cluster = createCluster(votersNamed('n1'));
    const node = nodeNamed(cluster, 'n1');
    node.disk.entries = [
      configurationEntry(1, 1, votersNamed('n1', 'n2')),
      configurationEntry(2, 1, votersNamed('n1', 'n2', 'n3')),
    ];
    node.disk.hardState = { term: 1, votedFor: null };
    start(node);
    for (let passed = 0; passed < 10; passed += 1) tick(cluster, node, TIMINGS.electionTimeoutMaxMs);
    settle(cluster);
    assert.equal(roleNow(cluster, 'n1'), 'preCandidate');
    assert.equal(running(node).role.context.term, 1);
  });

  test('an empty node elects nobody', () => {
    const cluster = createCluster({ members: [] });
    const node = createNode('n1', { members: [] });
    cluster.nodes.set('n1', node);
    for (let passed = 0; passed < 10; passed += 1) tick(cluster, node, TIMINGS.electionTimeoutMaxMs);
    assert.equal(roleNow(cluster, 'n1'), 'learner');
  });
});

describe('case 10: votes or acknowledgements of members that were removed are counted', () => {
  test('a vote of no voter is none', () => {
    const cluster = three();
    timeOut(cluster, nodeNamed(cluster, 'n1'));
    tell(cluster, 'n1', 'n4', 0, { type: 'pre-vote-answer', forTerm: 1, granted: true });
    assert.equal(roleNow(cluster, 'n1'), 'preCandidate');
    tell(cluster, 'n1', 'n2', 0, { type: 'pre-vote-answer', forTerm: 1, granted: true });
    for (const who of [memberOf('n4'), memberOf('n2', 2)]) {
      tell(cluster, 'n1', who, 1, { type: 'vote-answer', granted: true });
    }
    assert.equal(roleNow(cluster, 'n1'), 'candidate');
  });

  test('nor is an acknowledgement, or a sign of life', () => {
    const cluster = three();
    elect(cluster, 'n1');
    change(cluster, 'n1', remove('n3'), 200);
    assert.equal(inForce(cluster, 'n1'), '{n1 n2}');
    const leader = nodeNamed(cluster, 'n1');
    const { commitIndex } = running(leader);
    feed(cluster, leader, proposals('a'));
    take(cluster, 'n1');
    diskWrites(cluster, leader);
    tell(cluster, 'n1', 'n3', 1, { type: 'appended', matchIndex: commitIndex + 1 });
    assert.equal(running(leader).commitIndex, commitIndex);
    for (let passed = 0; passed < 3; passed += 1) {
      tell(cluster, 'n1', 'n3', 1, { type: 'appended', matchIndex: commitIndex + 1 });
      tick(cluster, leader, TIMINGS.electionTimeoutMinMs);
    }
    assert.equal(roleNow(cluster, 'n1'), 'follower');
  });

  test('a learner or a worker counts for nothing', () => {
    const cluster = createCluster({
      members: [...membersNamed('voter', 'n1', 'n2', 'n3'), ...membersNamed('worker', 'w1', 'w2')],
    });
    elect(cluster, 'n1');
    part(cluster, ['n1', 'w1', 'w2'], ['n2', 'n3']);
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('a'));
    settle(cluster);
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 1);
    passSettling(cluster, 1_000);
    assert.equal(roleNow(cluster, 'n1'), 'follower', 'two workers are no quorum');
  });
});

describe('case 11: a leader that is removed counts itself, or never steps down', () => {
  test('it leads until the configuration without it is committed, then goes; the others elect one', () => {
    const cluster = three();
    elect(cluster, 'n1');
    assert.deepEqual(change(cluster, 'n1', remove('n1'), 100), { kind: 'done' });
    assert.equal(roleNow(cluster, 'n1'), 'removed');
    assert.deepEqual(cluster.inFlight, []);
    passSettling(cluster, 2_000);
    assert.ok(['n2', 'n3'].some((name) => roleNow(cluster, name) === 'leader'));
    assert.equal(inForce(cluster, 'n2'), '{n2 n3}');
  });

  test('its own disk is not counted for it', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    change(cluster, 'n1', remove('n1'));
    // The joint entry is committed; the one after it reaches n2 alone.
    const joint = running(leader).log.lastIndex;
    take(cluster, 'n1');
    diskWrites(cluster, leader);
    for (const name of ['n2', 'n3']) tell(cluster, 'n1', name, 1, { type: 'appended', matchIndex: joint });
    assert.equal(inForce(cluster, 'n1'), '{n2 n3}');
    tell(cluster, 'n1', 'n2', 1, { type: 'appended', matchIndex: joint + 1 });
    assert.equal(running(leader).commitIndex, joint);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    tell(cluster, 'n1', 'n3', 1, { type: 'appended', matchIndex: joint + 1 });
    assert.equal(roleNow(cluster, 'n1'), 'removed');
  });
});

describe('case 32: a voter whose disk was wiped comes back under its name and votes again', () => {
  test('it is another member: nothing that is said to the old one reaches it, and its vote is none', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const wiped = nodeNamed(cluster, 'n3');
    const before = wiped.id;
    wipe(wiped);
    start(wiped);
    assert.notEqual(wiped.id, before);
    feed(cluster, wiped, {
      type: 'receive',
      messages: [{ from: memberOf('n2'), to: before, term: 9, ...requestVote() }],
    });
    assert.match(effectsOf(cluster, 'n3', 'dropped')[0]?.cause ?? '', /another member/);
    assert.equal(running(wiped).role.context.term, 0);
    passSettling(cluster, 1_000);
    assert.equal(running(wiped).log.lastIndex, 0, 'the leader sends to the old instance');
  });

  test('added as a learner, it replaces the old instance in one joint change once it has caught up', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const wiped = nodeNamed(cluster, 'n3');
    wipe(wiped);
    start(wiped);
    assert.deepEqual(change(cluster, 'n1', add('learner', 'n3', 2), 20), { kind: 'done' });
    const seen = effectsOf(cluster, 'n1', 'configuration-changed').map(({ placed }) => placed.configuration);
    assert.equal(seen[0] && configurationInWords(seen[0]), '{n1 n2 n3 learner n3/i2}');
    passSettling(cluster, 500);
    const words = effectsOf(cluster, 'n1', 'configuration-changed').map(({ placed }) =>
      configurationInWords(placed.configuration),
    );
    assert.deepEqual(words.slice(1), ['{n1 n2 n3/i2} leaving {n1 n2 n3}', '{n1 n2 n3/i2}']);
    assert.equal(roleNow(cluster, 'n3'), 'follower');
  });

  test('a learner that replaces an instance passes one for whom there is no vote', () => {
    const names = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'];
    const cluster = createCluster({ members: [...membersNamed('voter', ...names), ...membersNamed('learner', 'n8')] });
    elect(cluster, 'n1');
    passSettling(cluster, 500);
    assert.equal(roleNow(cluster, 'n8'), 'learner', 'seven voters are the most');
    const wiped = nodeNamed(cluster, 'n7');
    wipe(wiped);
    start(wiped);
    change(cluster, 'n1', add('learner', 'n7', 2), 1_000);
    assert.equal(roleNow(cluster, 'n7'), 'follower');
  });
});

describe('a member that is removed leaves nobody waiting', () => {
  test('reads that it passed on to the leader are refused at once', () => {
    const cluster = three();
    elect(cluster, 'n1');
    feed(cluster, nodeNamed(cluster, 'n3'), { type: 'read', readIds: [7] });
    // The question is lost.
    take(cluster, 'n3');
    change(cluster, 'n1', remove('n3'));
    settle(cluster);
    assert.equal(roleNow(cluster, 'n3'), 'removed');
    assert.deepEqual(effectsOf(cluster, 'n3', 'read-refused')[0]?.readIds, [7]);
    passSettling(cluster, 2_000);
    assert.equal(effectsOf(cluster, 'n3', 'read-refused').length, 1);
  });

  test('a transfer that it began is refused, and why', () => {
    const cluster = three();
    elect(cluster, 'n1');
    change(cluster, 'n1', remove('n1'));
    feed(cluster, nodeNamed(cluster, 'n1'), { type: 'transfer', transferId: 3, to: 'n2' as NodeId });
    // The target never hears of it.
    while (roleNow(cluster, 'n1') === 'leader') {
      for (const node of cluster.nodes.values()) diskWrites(cluster, node);
      deliver(cluster, ({ type }) => type !== 'timeout-now');
    }
    assert.equal(roleNow(cluster, 'n1'), 'removed');
    const outcome = { kind: 'refused', reason: 'this node is no member any more' };
    assert.deepEqual(effectsOf(cluster, 'n1', 'transfer-settled'), [
      { type: 'transfer-settled', transferId: 3, outcome },
    ]);
  });
});

test('a member that was away while it was removed is told so when it comes back in time', () => {
  const cluster = three();
  elect(cluster, 'n1');
  crash(nodeNamed(cluster, 'n3'));
  change(cluster, 'n1', remove('n3'), 400);
  start(nodeNamed(cluster, 'n3'));
  passSettling(cluster, 800);
  assert.equal(roleNow(cluster, 'n3'), 'removed');
  passSettling(cluster, 2_000);
  assert.deepEqual(ofType(take(cluster, 'n3'), 'pre-vote'), [], 'it never campaigns');
});
