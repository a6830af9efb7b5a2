import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SNAPSHOT_RETRY_MS } from '../../src/raft/limits.ts';
import {
  type Cluster,
  createCluster,
  deliver,
  diskWrites,
  elect,
  feed,
  nodeNamed,
  part,
  pass,
  passSettling,
  settle,
  votersNamed,
} from './cluster/cluster.ts';
import { compactThrough } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { crash, running, start } from './cluster/node.ts';
import { append, ofType, proposals, restartWith, tell, tellOnly } from './cluster/say.ts';

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

function compact(cluster: Cluster, name: string, index: number): void {
  const node = nodeNamed(cluster, name);
  feed(cluster, node, { type: 'compacted', index, term: compactThrough(node.disk, index) });
}

describe('case 26: a stale append truncates below commit; commit runs past the matched prefix', () => {
  test('nor does a snapshot that is written late replace a log that has overtaken it', () => {
    const cluster = three();
    const node = restartWith(cluster, 'n1', [1, 1]);
    const head = { snapshotId: 's', index: 5, term: 1, configuration: votersNamed('n1', 'n2', 'n3'), bytes: 10 };
    const data = new Uint8Array(head.bytes);
    tellOnly(cluster, node, 'n2', 1, { type: 'snapshot-chunk', head, offset: 0, data, checksum: 7 });
    const late = node.diskWork.splice(0);
    tell(cluster, 'n1', 'n3', 2, append(2, 1, [1, 1, 1, 2], 6));
    assert.equal(running(node).commitIndex, 6);
    node.diskWork.push(...late);
    while (diskWrites(cluster, node));
    assert.equal(running(node).log.lastIndex, 6);
    assert.equal(running(node).commitIndex, 6);
  });
});

describe('case 31: what is lost on its way is sent again, and progress resumes', () => {
  test('a receiver that is started again amid a snapshot gets it from its beginning', () => {
    const cluster = three();
    cluster.snapshotBytes = 1_000_000;
    const receiver = nodeNamed(cluster, 'n3');
    crash(receiver);
    elect(cluster, 'n1');
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('a', 'b', 'c'));
    settle(cluster);
    compact(cluster, 'n1', 3);
    start(receiver);
    while ((receiver.disk.arriving?.bytes ?? 0) < cluster.snapshotBytes / 2) {
      pass(cluster, 80);
      deliver(cluster);
      for (const node of cluster.nodes.values()) diskWrites(cluster, node);
    }
    crash(receiver);
    start(receiver);
    passSettling(cluster, 1_000);
    assert.equal(running(receiver).commitIndex, 4);
  });

  test('a peer that is away for a while and holds enough needs no snapshot', () => {
    const cluster = three();
    elect(cluster, 'n1');
    feed(cluster, nodeNamed(cluster, 'n1'), proposals('a', 'b', 'c'));
    passSettling(cluster, 100);
    compact(cluster, 'n2', 3);
    part(cluster, ['n3'], ['n1', 'n2']);
    crash(nodeNamed(cluster, 'n1'));
    pass(cluster, 400);
    start(nodeNamed(cluster, 'n1'));
    elect(cluster, 'n2');
    passSettling(cluster, 2_000);
    cluster.cut.clear();
    passSettling(cluster, 500);
    assert.equal(running(nodeNamed(cluster, 'n3')).commitIndex, 5);
    assert.deepEqual(effectsOf(cluster, 'n2', 'make-snapshot'), []);
  });

  test('a piece that was garbled is asked for again, whatever the order in which the disk says what it has', () => {
    const cluster = three();
    const node = nodeNamed(cluster, 'n1');
    const head = { snapshotId: 's', index: 5, term: 1, configuration: votersNamed('n1', 'n2', 'n3'), bytes: 30 };
    const handedOut = (offset: number): boolean => {
      cluster.happened = [];
      const data = new Uint8Array(10);
      tellOnly(cluster, node, 'n2', 1, { type: 'snapshot-chunk', head, offset, data, checksum: 7 });
      node.diskWork.length = 0;
      return effectsOf(cluster, 'n1', 'write-snapshot').length > 0;
    };
    const kept = (offset: number): void => {
      feed(cluster, node, { type: 'snapshot-written', snapshotId: 's', offset });
    };
    assert.deepEqual([handedOut(0), handedOut(10)], [true, true]);
    kept(20);
    kept(10);
    // As far as the disk said last, there are ten: the leader was told so, and goes on from there.
    handedOut(20);
    handedOut(10);
    // The one at 20, if it was handed out, was garbled.
    kept(20);
    assert.equal(handedOut(20), true);
  });

  test('a copy that does not add up is not sent again: another is made', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    feed(cluster, leader, proposals('a', 'b', 'c'));
    passSettling(cluster, 100);
    part(cluster, ['n3'], ['n1', 'n2']);
    feed(cluster, leader, proposals('d'));
    passSettling(cluster, 100);
    compact(cluster, 'n1', 5);
    cluster.cut.clear();
    const made = (): number => effectsOf(cluster, 'n1', 'make-snapshot').length;
    const receiver = nodeNamed(cluster, 'n3');
    receiver.diskStalls = true;
    passSettling(cluster, 400);
    const before = made();
    assert.equal(before, 1);
    const { receiving } = running(receiver);
    assert.ok(receiving);
    receiver.diskWork.length = 0;
    feed(cluster, receiver, { type: 'snapshot-refused', snapshotId: receiving.head.snapshotId });
    receiver.diskStalls = false;
    passSettling(cluster, SNAPSHOT_RETRY_MS + 400);
    assert.equal(made(), before + 1);
    assert.equal(running(receiver).commitIndex, running(leader).commitIndex);
  });

  test('one that refuses every copy keeps nobody else from getting theirs', () => {
    const cluster = createCluster(votersNamed('n1', 'n2', 'n3', 'n4', 'n5'));
    cluster.snapshotBytes = 8_000_000;
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    feed(cluster, leader, proposals('a', 'b', 'c'));
    passSettling(cluster, 100);
    part(cluster, ['n4', 'n5'], ['n1', 'n2', 'n3']);
    feed(cluster, leader, proposals('d'));
    passSettling(cluster, 200);
    compact(cluster, 'n1', 5);
    cluster.cut.clear();
    const refuser = nodeNamed(cluster, 'n4');
    const slow = nodeNamed(cluster, 'n5');
    let refused = 0;
    for (let round = 0; round < 2_000 && running(slow).commitIndex < 5; round += 1) {
      pass(cluster, 20);
      deliver(cluster);
      const at = refuser.diskWork.findIndex(({ type }) => type === 'install-snapshot');
      const work = refuser.diskWork[at];
      if (work?.type === 'install-snapshot') {
        refuser.diskWork.splice(at, 1);
        refused += 1;
        feed(cluster, refuser, { type: 'snapshot-refused', snapshotId: work.head.snapshotId });
      }
      for (const node of cluster.nodes.values()) if (node !== slow || round % 4 === 0) diskWrites(cluster, node);
    }
    assert.ok(refused > 0);
    assert.equal(running(slow).commitIndex, 5);
  });

  test('a leader that goes on with the snapshot of another gets the answers', () => {
    const cluster = three();
    const head = { snapshotId: 's', index: 5, term: 1, configuration: votersNamed('n1', 'n2', 'n3'), bytes: 30 };
    const piece = (offset: number) =>
      ({ type: 'snapshot-chunk', head, offset, data: new Uint8Array(10), checksum: 7 }) as const;
    assert.equal(ofType(tell(cluster, 'n1', 'n2', 1, piece(0)), 'snapshot-received')[0]?.to, 'n2/i1');
    assert.equal(ofType(tell(cluster, 'n1', 'n3', 2, piece(10)), 'snapshot-received')[0]?.to, 'n3/i1');
    assert.equal(ofType(tell(cluster, 'n1', 'n3', 2, piece(20)), 'appended')[0]?.to, 'n3/i1');
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 5);
  });
});
