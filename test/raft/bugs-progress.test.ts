import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeId } from '../../src/raft/types.ts';
import {
  type Cluster,
  createCluster,
  deliver,
  elect,
  feed,
  nodeNamed,
  part,
  passSettling,
  roleNow,
  settle,
  tick,
  votersNamed,
} from './cluster/cluster.ts';
import { effectsOf } from './cluster/effects.ts';
import { crash, memberOf, running, TIMINGS } from './cluster/node.ts';
import { ofType, proposals, take } from './cluster/say.ts';

/** Bug 31 that shipped in other implementations: progress, and leadership transfer (thesis §3.10). For snapshots see bugs-snapshots. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));
const handOver = (cluster: Cluster, to: string) =>
  feed(cluster, nodeNamed(cluster, 'n1'), { type: 'transfer', transferId: 1, to: to as NodeId });
const settled = (cluster: Cluster) => effectsOf(cluster, 'n1', 'transfer-settled').map(({ outcome }) => outcome);

function write(cluster: Cluster, count: number): void {
  for (let at = 0; at < count; at += 1) feed(cluster, nodeNamed(cluster, 'n1'), proposals(`w${at}`));
}

describe('case 31: every in-flight message is lost', () => {
  test('what is not answered is sent again, and everybody catches up', () => {
    const cluster = three();
    elect(cluster, 'n1');
    write(cluster, 200);
    cluster.inFlight = [];
    settle(cluster);
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 1);
    passSettling(cluster, 500);
    for (const name of ['n1', 'n2', 'n3']) assert.equal(running(nodeNamed(cluster, name)).commitIndex, 201, name);
  });

  test('what is in flight to one peer is bounded, and goes on as it answers', () => {
    const cluster = three();
    elect(cluster, 'n1');
    take(cluster, 'n1');
    write(cluster, 100);
    const sent = ofType(take(cluster, 'n1'), 'append').filter(({ to }) => to === memberOf('n3'));
    assert.equal(sent.length, 64);
    passSettling(cluster, 500);
    assert.equal(running(nodeNamed(cluster, 'n3')).commitIndex, 101);
  });

  test('a transport that knows of the loss is believed at once', () => {
    const cluster = three();
    elect(cluster, 'n1');
    write(cluster, 3);
    cluster.inFlight = [];
    feed(cluster, nodeNamed(cluster, 'n1'), { type: 'unreachable', peer: memberOf('n2') });
    settle(cluster);
    assert.equal(running(nodeNamed(cluster, 'n2')).log.lastIndex, 4);
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 4);
  });

  test('a probe that is lost is asked again', () => {
    const cluster = three();
    elect(cluster, 'n1');
    part(cluster, ['n3'], ['n1', 'n2']);
    write(cluster, 3);
    passSettling(cluster, 1_000);
    cluster.cut.clear();
    passSettling(cluster, 500);
    assert.equal(running(nodeNamed(cluster, 'n3')).commitIndex, 4);
  });
});

describe('case 31: a transfer during writes, and to a lagging node', () => {
  test('during writes: they pause, what was accepted is kept, and the target leads', () => {
    const cluster = three();
    elect(cluster, 'n1');
    write(cluster, 5);
    handOver(cluster, 'n2');
    write(cluster, 1);
    assert.deepEqual(
      effectsOf(cluster, 'n1', 'refused').map(({ leader }) => leader),
      [memberOf('n2')],
      'who asks meanwhile is sent to the target',
    );
    settle(cluster);
    passSettling(cluster, 100);
    assert.equal(roleNow(cluster, 'n2'), 'leader');
    assert.deepEqual(settled(cluster), [{ kind: 'done' }]);
    const kept = nodeNamed(cluster, 'n2').disk.entries.filter(({ kind }) => kind === 'events');
    assert.deepEqual(
      kept.map(({ data }) => data),
      ['w0', 'w1', 'w2', 'w3', 'w4'],
    );
    assert.equal(running(nodeNamed(cluster, 'n2')).commitIndex, 7);
  });

  test('it does not wait for the lease: the followers vote though they hear a leader', () => {
    const cluster = three();
    elect(cluster, 'n1');
    passSettling(cluster, 80);
    handOver(cluster, 'n2');
    settle(cluster);
    assert.equal(roleNow(cluster, 'n2'), 'leader');
    assert.equal(running(nodeNamed(cluster, 'n2')).role.context.term, 2);
  });

  test('a target that lags is brought up to date first', () => {
    const cluster = three();
    elect(cluster, 'n1');
    take(cluster, 'n1');
    write(cluster, 5);
    const lost = take(cluster, 'n1').length;
    assert.ok(lost > 0);
    handOver(cluster, 'n2');
    assert.deepEqual(ofType(take(cluster, 'n1'), 'timeout-now'), []);
    tick(cluster, nodeNamed(cluster, 'n1'), 4 * TIMINGS.heartbeatMs);
    settle(cluster);
    assert.equal(roleNow(cluster, 'n2'), 'leader');
    assert.equal(running(nodeNamed(cluster, 'n2')).commitIndex, 7);
  });

  test('one that does not come in time is given up: this node leads on, and takes writes', () => {
    const cluster = three();
    elect(cluster, 'n1');
    crash(nodeNamed(cluster, 'n2'));
    write(cluster, 1);
    settle(cluster);
    handOver(cluster, 'n2');
    passSettling(cluster, TIMINGS.electionTimeoutMaxMs);
    assert.deepEqual(settled(cluster), [{ kind: 'timed-out' }]);
    write(cluster, 1);
    settle(cluster);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    assert.equal(running(nodeNamed(cluster, 'n1')).commitIndex, 3);
  });

  test('a target that is gone, whose log is not whole, or that is none, is refused with the reason', () => {
    const reasons = (prepare: (cluster: Cluster) => void, to: string): string => {
      const cluster = three();
      elect(cluster, 'n1');
      prepare(cluster);
      handOver(cluster, to);
      const [outcome] = settled(cluster);
      return outcome?.kind === 'refused' ? outcome.reason : String(outcome?.kind);
    };
    const away = (cluster: Cluster): void => {
      crash(nodeNamed(cluster, 'n2'));
      passSettling(cluster, 1_000);
    };
    const notWhole = (cluster: Cluster): void => {
      const progress = running(nodeNamed(cluster, 'n1')).leading?.peers.get(memberOf('n2'));
      if (progress !== undefined) progress.wholeFromIndex = 9;
    };
    const nothing = (): void => {};
    assert.match(reasons(away, 'n2'), /not there/);
    assert.match(reasons(notWhole, 'n2'), /not whole/);
    assert.match(reasons(nothing, 'n9'), /no voter/);
    assert.match(reasons(nothing, 'n1'), /leads already/);
    assert.match(
      reasons((cluster) => void handOver(cluster, 'n3'), 'n2'),
      /under way/,
    );
  });

  test('a call to campaign of an earlier term is not followed', () => {
    const cluster = three();
    elect(cluster, 'n1');
    handOver(cluster, 'n2');
    const late = cluster.inFlight.filter(({ type }) => type === 'timeout-now');
    assert.equal(late.length, 1);
    cluster.inFlight = [];
    passSettling(cluster, TIMINGS.electionTimeoutMaxMs);
    crash(nodeNamed(cluster, 'n1'));
    passSettling(cluster, 2_000);
    const leader = ['n2', 'n3'].find((name) => roleNow(cluster, name) === 'leader');
    const { term } = running(nodeNamed(cluster, 'n2')).role.context;
    cluster.inFlight.push(...late);
    deliver(cluster);
    settle(cluster);
    assert.equal(running(nodeNamed(cluster, 'n2')).role.context.term, term);
    assert.equal(roleNow(cluster, leader ?? ''), 'leader');
  });
});
