import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SnapshotHead } from '../../src/raft/messages.ts';
import type { Input } from '../../src/raft/ports.ts';
import { step } from '../../src/raft/step.ts';
import {
  type Cluster,
  createCluster,
  diskWrites,
  elect,
  feed,
  nodeNamed,
  settle,
  tick,
  votersNamed,
} from './cluster/cluster.ts';
import { compactThrough } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { crash, memberOf, running, start } from './cluster/node.ts';
import { append, heartbeat, ofType, proposals, restartWith, take, tell } from './cluster/say.ts';

/** InstallSnapshot (paper §7) at its edges; the scenarios are in scripts/snapshot*.txt. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));
const head: SnapshotHead = { snapshotId: 's', index: 5, term: 1, configuration: votersNamed('n1', 'n2'), bytes: 20 };
const piece = (offset: number) =>
  ({ type: 'snapshot-chunk', head, offset, data: new Uint8Array(10), checksum: 7 }) as const;

describe('§7: a follower installs a snapshot', () => {
  /** All pieces are written, and the disk is replacing log and state. */
  function installing() {
    const cluster = three();
    const node = restartWith(cluster, 'n1', [1, 1]);
    tell(cluster, 'n1', 'n2', 2, piece(0));
    node.diskStalls = true;
    tell(cluster, 'n1', 'n2', 2, piece(10));
    diskWrites(cluster, node);
    assert.equal(effectsOf(cluster, 'n1', 'install-snapshot').length, 1);
    return { cluster, node };
  }

  test('a restarted receiver goes on where its disk is, with one piece in flight as with two', () => {
    const cluster = three();
    const node = restartWith(cluster, 'n1', [1, 1]);
    node.diskStalls = true;
    tell(cluster, 'n1', 'n2', 2, piece(0));
    // More of it is there than this piece brought.
    const longer = { ...head, bytes: 30 };
    const core = running(node);
    if (core.receiving !== null) core.receiving = { ...core.receiving, head: longer };
    step(core, [{ type: 'snapshot-written', snapshotId: 's', offset: 20 }]);
    const next = { from: memberOf('n2'), to: core.self, term: 2, ...piece(0), head: longer, offset: 20 };
    const effects = step(core, [{ type: 'receive', messages: [next] }]);
    assert.deepEqual(
      effects.map(({ type }) => type),
      ['write-snapshot'],
    );
  });

  test('meanwhile it takes no entries and no other piece; afterwards log and configuration begin there', () => {
    const { cluster, node } = installing();
    assert.deepEqual(tell(cluster, 'n1', 'n2', 2, append(2, 1, [1])), []);
    assert.deepEqual(tell(cluster, 'n1', 'n2', 2, piece(0)), []);
    node.diskStalls = false;
    diskWrites(cluster, node);
    const { log, commitIndex, appliedIndex, durableIndex, configurations } = running(node);
    assert.deepEqual(
      [log.base, log.lastIndex, commitIndex, appliedIndex, durableIndex],
      [{ index: 5, term: 1 }, 5, 5, 5, 5],
    );
    assert.deepEqual(configurations, [{ index: 5, configuration: head.configuration }]);
    assert.equal(ofType(take(cluster, 'n1'), 'appended')[0]?.matchIndex, 5);
    const [next] = ofType(tell(cluster, 'n1', 'n2', 2, append(5, 1, [2], 6)), 'appended');
    assert.equal(next?.matchIndex, 6);
    assert.equal(running(node).commitIndex, 6);
  });

  test('what a heartbeat after it says of the log is what is on disk now', () => {
    const { cluster, node } = installing();
    node.diskStalls = false;
    diskWrites(cluster, node);
    take(cluster, 'n1');
    assert.equal(ofType(tell(cluster, 'n1', 'n2', 2, heartbeat(1, 5, 5)), 'heartbeat-answer')[0]?.durableIndex, 5);
  });

  test('a node that recovers is whole by it', () => {
    const cluster = three();
    const node = restartWith(cluster, 'n1', [1, 1]);
    start(node, true);
    tell(cluster, 'n1', 'n2', 2, heartbeat(1, 0, 5));
    tell(cluster, 'n1', 'n2', 2, piece(0));
    tell(cluster, 'n1', 'n2', 2, piece(10));
    assert.equal(running(node).role.value, 'follower');
  });
});

describe('§7: a leader sends one', () => {
  /** n3 is away and needs what n1 compacted; the answers of the shell are the test's. */
  function needed(): Cluster {
    const cluster = three();
    cluster.snapshotBytes = 2_000_000;
    crash(nodeNamed(cluster, 'n3'));
    elect(cluster, 'n1');
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('a', 'b', 'c'));
    settle(cluster);
    const leader = nodeNamed(cluster, 'n1');
    feed(cluster, leader, { type: 'compacted', index: 3, term: compactThrough(leader.disk, 3) });
    return cluster;
  }

  test('two pieces are in flight and no more; each answer lets one follow', () => {
    const cluster = needed();
    const leader = nodeNamed(cluster, 'n1');
    start(nodeNamed(cluster, 'n3'));
    tick(cluster, leader, 320);
    const sent = ofType(take(cluster, 'n1'), 'snapshot-chunk');
    assert.deepEqual(
      sent.map(({ offset }) => offset),
      [0, 262_144],
    );
    const snapshotId = sent[0]?.head.snapshotId ?? '';
    const next = tell(cluster, 'n1', 'n3', 1, { type: 'snapshot-received', snapshotId, offset: 262_144 });
    assert.deepEqual(
      ofType(next, 'snapshot-chunk').map(({ offset }) => offset),
      [524_288],
    );
    // It has more than was sent to it just now: the rest of that is not sent again.
    const further = tell(cluster, 'n1', 'n3', 1, { type: 'snapshot-received', snapshotId, offset: 1_048_576 });
    assert.deepEqual(
      ofType(further, 'snapshot-chunk').map(({ offset }) => offset),
      [1_048_576],
    );
  });

  test('it is asked of the disk once while it is being made, and if that fails, again after a while', () => {
    const cluster = needed();
    const leader = nodeNamed(cluster, 'n1');
    const core = running(leader);
    /** The shell of this test does not answer by itself. n2 is heard, so that the leader leads on. */
    const asks = (...inputs: readonly Input[]): boolean => {
      const heard = { from: memberOf('n2'), to: leader.id, term: 1, type: 'appended', matchIndex: 4 } as const;
      const effects = step(core, [{ type: 'receive', messages: [heard] }, ...inputs]);
      return effects.some(({ type }) => type === 'make-snapshot');
    };
    const at = (monotonicMs: number): Input => ({
      type: 'tick',
      monotonicMs: leader.monotonicMs + monotonicMs,
      random: 0,
    });
    assert.equal(asks(at(320)), true);
    assert.equal(asks(at(340)), false);
    assert.equal(asks({ type: 'snapshot-made', head: null }), false);
    assert.equal(asks(at(360)), false);
    assert.equal(asks(at(5_500)), true);
  });

  test('one that is gone from the disk is made anew', () => {
    const cluster = needed();
    const leader = nodeNamed(cluster, 'n1');
    start(nodeNamed(cluster, 'n3'));
    tick(cluster, leader, 320);
    const [first] = ofType(take(cluster, 'n1'), 'snapshot-chunk');
    const to = memberOf('n3');
    const gone = {
      type: 'snapshot-read',
      to,
      snapshotId: first?.head.snapshotId ?? '',
      offset: 0,
      piece: null,
    } as const;
    cluster.happened = [];
    feed(cluster, leader, gone);
    assert.equal(effectsOf(cluster, 'n1', 'make-snapshot').length, 1);
  });

  test('one that is older than what was compacted since would help nobody: another is made', () => {
    const cluster = needed();
    const leader = nodeNamed(cluster, 'n1');
    start(nodeNamed(cluster, 'n3'));
    tick(cluster, leader, 320);
    const made = effectsOf(cluster, 'n1', 'make-snapshot').length;
    cluster.cut.add('n1>n3');
    feed(cluster, leader, proposals('d', 'e'));
    settle(cluster);
    feed(cluster, leader, { type: 'compacted', index: 6, term: compactThrough(leader.disk, 6) });
    // It has the first by now, and that is too old already.
    tell(cluster, 'n1', 'n3', 1, { type: 'appended', matchIndex: 4 });
    assert.equal(effectsOf(cluster, 'n1', 'make-snapshot').length, made + 1);
  });
});
