import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  beginForming,
  type Forming,
  type Hail,
  hailOf,
  hear,
  outcomeOf,
  readHail,
  takenIn,
} from '../../src/raft/forming.ts';
import type { ClusterId, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';

const names = ['a', 'b', 'c'].map((name) => name as NodeId);
const digest = (text: string): string => `of ${text.replaceAll('\n', ' ')}`;
const empty = (name: string, instance: string): Forming =>
  beginForming({ nodeId: name as NodeId, instance: instance as InstanceId }, names, 'found');

function everyoneHears(nodes: readonly Forming[]): void {
  for (const speaker of nodes) for (const listener of nodes) hear(listener, hailOf(speaker));
}

test('three empty nodes found one cluster, once each has seen that all have seen all', () => {
  const nodes = [empty('a', '1'), empty('b', '1'), empty('c', '1')];
  everyoneHears(nodes);
  assert.equal(outcomeOf(nodes[0] as Forming, digest).kind, 'waiting', 'b and c were heard, but not yet what they see');
  everyoneHears(nodes);
  everyoneHears(nodes);
  const outcomes = nodes.map((node) => outcomeOf(node, digest));
  for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
  assert.deepEqual(outcomes[0], {
    kind: 'found',
    clusterId: 'of a/1 b/1 c/1',
    configuration: { members: names.map((nodeId) => ({ nodeId, instance: '1', kind: 'voter' })) },
  });
});

test('while one of the list is silent, nobody founds, and it is said who is awaited', () => {
  const nodes = [empty('a', '1'), empty('b', '1')];
  for (let round = 0; round < 5; round += 1) everyoneHears(nodes);
  assert.deepEqual(outcomeOf(nodes[0] as Forming, digest), { kind: 'waiting', for: ['c'] });
});

test('one that was wiped before the others founded: they found with its new instance, not with the old', () => {
  const [a, b, c] = [empty('a', '1'), empty('b', '1'), empty('c', '1')];
  everyoneHears([a, b, c]);
  const wiped = empty('c', '2');
  for (let round = 0; round < 3; round += 1) everyoneHears([a, b, wiped]);
  const outcome = outcomeOf(a, digest);
  assert.equal(outcome.kind === 'found' && outcome.clusterId, 'of a/1 b/1 c/2');
});

test('who comes empty to a cluster joins it, even one that had agreed to found it: nothing is founded twice', () => {
  const member = { state: 'member', nodeId: 'b', instance: '1', clusterId: 'x' } as unknown as Hail;
  const late = empty('a', '1');
  everyoneHears([late, empty('b', '1'), empty('c', '1')]);
  hear(late, member);
  assert.deepEqual(outcomeOf(late, digest), { kind: 'join', clusterId: 'x' });
});

test('what is no hail is not taken for one', () => {
  const hail = hailOf(empty('a', '1'));
  assert.deepEqual(readHail(JSON.parse(JSON.stringify(hail))), hail);
  for (const said of [
    null,
    'empty',
    {},
    { ...hail, nodeId: 7 },
    { ...hail, sees: { b: 1 } },
    { ...hail, wants: 'all' },
    { ...hail, nodeId: 'all' },
    { ...hail, nodeId: 'a.b' },
    { ...hail, nodeId: 'a'.repeat(33) },
    { ...hail, instance: '1 2' },
    { ...hail, instance: '1'.repeat(65) },
    { ...hail, sees: { b: '1\r\n' } },
    { ...hail, answers: null },
    { ...hail, answers: { b: 1 } },
    { ...hail, answers: { b: 'i1' } },
    { state: 'member', nodeId: 'a', instance: '1', clusterId: 'c', greeting: 'i1.x' },
  ]) {
    assert.equal(readHail(said), null);
  }
  assert.equal(readHail({ state: 'member', nodeId: 'a', instance: '1' }), null);
});

test('raft.md, case 32: a leader takes an empty node in as a learner, under a new instance, never as the voter it was', () => {
  const configuration = {
    members: names.map((nodeId) => ({ nodeId, instance: '1' as InstanceId, kind: 'voter' as const })),
  };
  assert.deepEqual(takenIn(configuration, hailOf(empty('a', '2'))), { nodeId: 'a', instance: '2', kind: 'learner' });
  assert.equal(takenIn(configuration, hailOf(empty('a', '1'))), null, 'it is the member itself');
  assert.equal(takenIn(configuration, hailOf(empty('d', '1'))), null, 'a stranger that did not ask');
  const asks = beginForming({ nodeId: 'd' as NodeId, instance: '1' as InstanceId }, names, 'worker');
  assert.equal(takenIn(configuration, hailOf(asks))?.kind, 'worker');
});

test('whatever is lost, late or wiped: no two clusters have a majority', () => {
  const rarely = (chances: number) => fc.nat(chances - 1).map((chance) => chance === 0);
  const step = fc.record({
    speaker: fc.nat(2),
    listeners: fc.subarray([0, 1, 2]),
    // What arrives may be what was said long ago.
    old: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20) }),
    wiped: rarely(12),
  });
  let foundings = 0;
  let rivals = 0;
  let majorities = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (steps) => {
      const said: Hail[][] = [[], [], []];
      const founded = new Map<MemberId, ClusterId>();
      const foundersOf = new Map<ClusterId, readonly MemberId[]>();
      let instances = 1;
      const nodes = names.map((name) => empty(name, '1'));
      for (const { speaker, listeners, old, wiped } of steps) {
        const node = nodes[speaker] as Forming;
        const home = founded.get(memberId(node.nodeId, node.instance));
        if (wiped && home === undefined) {
          instances += 1;
          nodes[speaker] = empty(node.nodeId, String(instances));
          continue;
        }
        const { nodeId, instance } = node;
        said[speaker]?.push(home === undefined ? hailOf(node) : { state: 'member', nodeId, instance, clusterId: home });
        const arrives = said[speaker]?.at(-1 - old) ?? hailOf(node);
        for (const listener of listeners) {
          const hearer = nodes[listener] as Forming;
          const hearerId = memberId(hearer.nodeId, hearer.instance);
          if (founded.has(hearerId)) continue;
          hear(hearer, arrives);
          const outcome = outcomeOf(hearer, digest);
          if (outcome.kind !== 'found') continue;
          const founders = outcome.configuration.members.map((member) => memberId(member.nodeId, member.instance));
          founded.set(hearerId, outcome.clusterId);
          foundersOf.set(outcome.clusterId, founders);
        }
      }
      if (founded.size > 0) foundings += 1;
      if (foundersOf.size > 1) rivals += 1;
      // Whom each living node is with: the cluster that it founded, or the one that it would join. A wiped instance is with nobody.
      const livingWith = new Map<MemberId, string>();
      for (const node of nodes) {
        const self = memberId(node.nodeId, node.instance);
        const outcome = outcomeOf(node, digest);
        const joined = outcome.kind === 'join' ? outcome.clusterId : undefined;
        livingWith.set(self, founded.get(self) ?? joined ?? 'nobody');
      }
      const withMajority = [...foundersOf].filter(([clusterId, founders]) => {
        const there = founders.filter((founder) => livingWith.get(founder) === clusterId);
        return there.length * 2 > founders.length;
      });
      if (withMajority.length === 1) majorities += 1;
      assert.ok(withMajority.length <= 1, withMajority.map(([clusterId]) => clusterId).join(' and '));
    }),
    { numRuns: 4_000, seed: 7 },
  );
  assert.ok(foundings > 1_000, `only ${foundings} histories founded a cluster`);
  assert.ok(majorities > 500, `only ${majorities} had a majority`);
  assert.ok(rivals > 0, 'no history had two clusters at all');
});
