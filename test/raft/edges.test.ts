import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeId } from '../../src/raft/types.ts';
import { add, change, remove } from './cluster/change.ts';
import {
  createCluster,
  diskWrites,
  elect,
  feed,
  membersNamed,
  nodeNamed,
  passSettling,
  settle,
  tick,
  votersNamed,
} from './cluster/cluster.ts';
import { compactThrough } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { memberOf, running, start } from './cluster/node.ts';
import { append, heartbeat, proposals, restartWith, take, tell } from './cluster/say.ts';

/** Where two things meet: a write and its truncation, a transfer and a change, a bound and what comes after it. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

describe('what is on its way to the disk when it is truncated', () => {
  test('of two writes, the older one makes nothing durable that the newer one replaces', () => {
    const cluster = three();
    const node = nodeNamed(cluster, 'n1');
    node.diskStalls = true;
    tell(cluster, 'n1', 'n2', 1, append(0, 0, [1, 1, 1]));
    const first = running(node).lastPersistId;
    tell(cluster, 'n1', 'n3', 2, append(1, 1, [2, 2]));
    feed(cluster, node, { type: 'persisted', persistId: first });
    assert.equal(running(node).durableIndex, 1);
    diskWrites(cluster, node);
    assert.equal(running(node).durableIndex, 3);
  });

  test('within one turn, only what is left of it is written', () => {
    const cluster = three();
    const node = nodeNamed(cluster, 'n1');
    const from = (name: string, term: number) => ({ from: memberOf(name), to: node.id, term });
    const messages = [
      { ...from('n2', 1), ...append(0, 0, [1, 1, 1]) },
      { ...from('n3', 2), ...append(1, 1, [2]) },
    ];
    feed(cluster, node, { type: 'receive', messages });
    const [written] = effectsOf(cluster, 'n1', 'persist');
    assert.deepEqual(
      written?.entries.map(({ index, term }) => [index, term]),
      [
        [1, 1],
        [2, 2],
      ],
    );
  });
});

test('compaction keeps the configuration in force where the log begins: a truncation may come back to it', () => {
  const cluster = three();
  const node = restartWith(cluster, 'n1', [1, 1]);
  tell(cluster, 'n1', 'n2', 1, append(2, 1, [], 2));
  feed(cluster, node, { type: 'compacted', index: 2, term: compactThrough(node.disk, 2) });
  assert.equal(running(node).configurations.length, 1);
  const data = JSON.stringify(votersNamed('n2'));
  const entries = [{ index: 3, term: 1, kind: 'configuration', data }] as const;
  tell(cluster, 'n1', 'n2', 1, { type: 'append', prevIndex: 2, prevTerm: 1, entries, commitIndex: 2 });
  tell(cluster, 'n1', 'n3', 2, append(2, 1, [2], 2));
  assert.deepEqual(running(node).configuration, votersNamed('n1', 'n2', 'n3'));
});

describe('leadership transfer', () => {
  const handOver = { type: 'transfer', transferId: 1, to: 'n2' as NodeId } as const;

  test('no membership change begins while it runs', () => {
    const cluster = three();
    elect(cluster, 'n1');
    feed(cluster, nodeNamed(cluster, 'n1'), handOver);
    const outcome = change(cluster, 'n1', remove('n3'));
    assert.ok(outcome?.kind === 'refused');
    assert.match(outcome.reason, /being transferred/);
  });

  for (const [what, heard, expected] of [
    [
      'another than the target leads the next term',
      [['n3', 2]],
      { kind: 'refused', reason: 'another node was elected' },
    ],
    ['another leads a later one', [['n3', 5]], { kind: 'unknown' }],
    // A tick is long enough for that.
    [
      'the target leads, and hands on',
      [
        ['n2', 2],
        ['n3', 3],
      ],
      { kind: 'done' },
    ],
  ] as const) {
    test(`when ${what}, it says ${expected.kind}`, () => {
      const cluster = three();
      elect(cluster, 'n1');
      feed(cluster, nodeNamed(cluster, 'n1'), handOver);
      for (const [leader, term] of heard) tell(cluster, 'n1', leader, term, heartbeat(1));
      tick(cluster, nodeNamed(cluster, 'n1'), 1);
      const [settled] = effectsOf(cluster, 'n1', 'transfer-settled');
      assert.deepEqual(settled?.outcome, expected);
    });
  }
});

describe('a learner is promoted', () => {
  const withLearner = () => {
    const cluster = createCluster({
      members: [...membersNamed('voter', 'n1', 'n2', 'n3'), ...membersNamed('learner', 'n4')],
    });
    cluster.cut.add('n1>n4');
    elect(cluster, 'n1');
    const progress = running(nodeNamed(cluster, 'n1')).leading?.peers.get(memberOf('n4'));
    assert.ok(progress !== undefined);
    take(cluster, 'n1');
    const says = { type: 'heartbeat-answer', round: 0, appliedIndex: 0, featureLevel: 1 } as const;
    /** n4 has acknowledged so much, and says whether it is whole. */
    const at = (matchIndex: number, recovering = false): boolean => {
      tell(cluster, 'n1', 'n4', 1, { ...says, recovering, durableIndex: matchIndex });
      tell(cluster, 'n1', 'n4', 1, { type: 'appended', matchIndex });
      tick(cluster, nodeNamed(cluster, 'n1'), 1);
      return effectsOf(cluster, 'n1', 'configuration-changed').length > 0;
    };
    return { cluster, at };
  };

  test('once it is close to the end of the log, not before', () => {
    const { cluster, at } = withLearner();
    feed(cluster, nodeNamed(cluster, 'n1'), proposals(...Array.from({ length: 200 }, () => 'x')));
    settle(cluster);
    assert.equal(at(100), false);
    assert.equal(at(201 - 64), true);
  });

  test('not while its log is not whole', () => {
    assert.equal(withLearner().at(1, true), false);
    assert.equal(withLearner().at(1, false), true);
  });
});

test('a new level of entries is written only when every member knows it', () => {
  const cluster = three();
  for (const node of cluster.nodes.values()) {
    node.featureLevel = node.name === 'n3' ? 2 : 3;
    start(node);
  }
  elect(cluster, 'n1');
  cluster.cut.add('n3>n1');
  passSettling(cluster, 300);
  assert.equal(
    running(nodeNamed(cluster, 'n1')).configuration.featureLevel,
    undefined,
    'n3 has not said what it knows',
  );
  cluster.cut.clear();
  passSettling(cluster, 300);
  assert.equal(running(nodeNamed(cluster, 'n1')).configuration.featureLevel, 2);
});

describe('bounds (I10)', () => {
  test('reads that wait are refused beyond so many, at the leader and at a follower', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const readIds = (count: number) => Array.from({ length: count }, (_, at) => at);
    for (const name of ['n1', 'n2']) {
      feed(cluster, nodeNamed(cluster, name), { type: 'read', readIds: [99_999] });
      feed(cluster, nodeNamed(cluster, name), { type: 'read', readIds: readIds(19_000) });
      assert.deepEqual(effectsOf(cluster, name, 'read-refused'), []);
      feed(cluster, nodeNamed(cluster, name), { type: 'read', readIds: readIds(1_001) });
      assert.equal(effectsOf(cluster, name, 'read-refused')[0]?.readIds.length, 1_001, name);
    }
  });

  test('messages that wait for the disk are lost beyond so many, as any message may be', () => {
    const cluster = three();
    const node = nodeNamed(cluster, 'n1');
    node.diskStalls = true;
    for (let round = 0; round < 10_100; round += 1) tell(cluster, 'n1', 'n2', 1, heartbeat(round));
    assert.equal(running(node).held.length, 10_000);
  });
});

test('a voter whose log is not whole confirms no read', () => {
  const cluster = three();
  elect(cluster, 'n1');
  const leader = nodeNamed(cluster, 'n1');
  feed(cluster, leader, { type: 'read', readIds: [1] });
  const { round } = running(leader);
  const says = { type: 'heartbeat-answer', round, durableIndex: 9, appliedIndex: 0, featureLevel: 1 } as const;
  tell(cluster, 'n1', 'n3', 1, { ...says, recovering: true });
  assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), []);
  tell(cluster, 'n1', 'n2', 1, { ...says, recovering: false });
  assert.equal(effectsOf(cluster, 'n1', 'read-ready').length, 1);
});

test('a change that was under way when its leader lost the lead is unknown, not refused', () => {
  const cluster = three();
  elect(cluster, 'n1');
  change(cluster, 'n1', add('learner', 'n4'));
  tell(cluster, 'n1', 'n3', 5, heartbeat(1));
  assert.deepEqual(effectsOf(cluster, 'n1', 'change-settled').at(-1)?.outcome, { kind: 'unknown' });
});
