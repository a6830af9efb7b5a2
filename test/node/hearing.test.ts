import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hearing } from '../../src/node/hearing.ts';
import { SIGHTING_KNOWN_MS } from '../../src/node/limits.ts';
import { voterSetsOf } from '../../src/raft/quorum.ts';
import type { MemberId } from '../../src/raft/types.ts';
import { noCounts } from '../../src/transport/counts.ts';
import { noTransport } from '../../src/transport/transport.ts';
import { votersNamed } from '../raft/cluster/cluster.ts';
import { memberOf } from '../raft/cluster/node.ts';

/** What a node without a leader says that it lacks: each has another remedy. */

function n1Hears() {
  const counts = noCounts();
  let trouble: string | null = null;
  let nowMs = 0;
  const hearing = new Hearing({
    transport: { ...noTransport, counts: () => counts, trouble: () => trouble },
    clock: { monotonicMs: () => nowMs },
  });
  const core = { self: memberOf('n1'), voters: voterSetsOf(votersNamed('n1', 'n2', 'n3')) };
  return {
    hearing,
    counts,
    why: () => hearing.whyNoLeader(core),
    whyOf: (voters: readonly string[]) => hearing.whyNoLeader({ ...core, voters: voterSetsOf(votersNamed(...voters)) }),
    cutOff: (why: string | null) => {
      trouble = why;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('which of the voters are heard, and how many are needed', () => {
  const { hearing, why, whyOf, pass } = n1Hears();
  assert.match(why() ?? '', /^2 of the voters n1, n2, n3 are needed, and none of the others is heard: .*--join$/);
  hearing.heard(memberOf('n3'));
  hearing.heard(memberOf('n9'));
  assert.equal(why(), '2 of the voters n1, n2, n3 are needed; heard: n3');
  pass(SIGHTING_KNOWN_MS);
  assert.match(why() ?? '', /none of the others is heard/);
  assert.equal(whyOf([]), null, 'who is not taken in yet knows of no voters');
});

test('messages that are not signed as this node signs: another cluster secret', () => {
  const { hearing, counts, why } = n1Hears();
  counts.dropped.forged += 1;
  assert.match(why() ?? '', /XCRON_CLUSTER_SECRET has to be the same on all/);
  // Somebody who is heard has the same one: what was dropped before was another’s.
  hearing.heard(memberOf('n2'));
  assert.match(why() ?? '', /heard: n2$/);
  counts.dropped.forged += 1;
  assert.match(why() ?? '', /XCRON_CLUSTER_SECRET/);
});

test('messages of another cluster under this name: it was left behind', () => {
  const { counts, why } = n1Hears();
  counts.dropped.foreign += 1;
  assert.match(why() ?? '', /belong to another one: .*force-new-cluster.*--join$/);
});

test('no server, or none configured, comes before all else', () => {
  const { counts, why, cutOff } = n1Hears();
  counts.dropped.forged += 1;
  cutOff('no NATS server among a, b');
  assert.equal(why(), 'no NATS server among a, b');
  assert.match(noTransport.trouble() ?? '', /started without --nats-url/);
});

test('whoever spoke once is not remembered for ever (I10)', () => {
  const { hearing, pass } = n1Hears();
  for (let start = 0; start < 1_000; start += 1) {
    hearing.heard(`n2/i${start}` as MemberId);
    pass(SIGHTING_KNOWN_MS);
  }
  assert.ok(hearing.remembered <= 2);
});
