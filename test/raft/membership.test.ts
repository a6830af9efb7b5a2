import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changed, configurationAt, everyoneIn, isJoint, leaving } from '../../src/raft/membership.ts';
import type { MembershipChange } from '../../src/raft/ports.ts';
import { idOf, isQuorum, voterSetsOf } from '../../src/raft/quorum.ts';
import type { Configuration, InstanceId, Member, MemberId, NodeId } from '../../src/raft/types.ts';
import { add, promote, remove } from './cluster/change.ts';
import { votersNamed } from './cluster/cluster.ts';

/** Changes of the membership as values (paper §6). */

const VOTERS_MAX = 7;
const name = fc.constantFrom(...Array.from({ length: 9 }, (_, at) => `n${at + 1}`));
const change: fc.Arbitrary<MembershipChange> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, fc.integer({ min: 1, max: 2 })).map(([who, of]) => add('learner', who, of)) },
  { weight: 1, arbitrary: fc.tuple(name, fc.integer({ min: 1, max: 2 })).map(([who, of]) => add('worker', who, of)) },
  { weight: 5, arbitrary: name.map(promote) },
  { weight: 2, arbitrary: name.map(remove) },
);

const votersIn = ({ members }: Configuration): MemberId[] => members.filter(({ kind }) => kind === 'voter').map(idOf);

/** Every configuration that the changes bring into force, joint ones and the ones that follow them. */
function history(changes: readonly MembershipChange[]): Configuration[] {
  const seen: Configuration[] = [votersNamed('n1', 'n2', 'n3')];
  for (const one of changes) {
    const next = changed(seen.at(-1) ?? votersNamed('n1'), one);
    if (!next.ok) continue;
    seen.push(next.value);
    if (isJoint(next.value)) seen.push(leaving(next.value));
  }
  return seen;
}

const changes = fc.array(change, { maxLength: 25, size: 'max' });

test('no change leads to a configuration without voters, with too many, or with a member twice', () => {
  fc.assert(
    fc.property(changes, (asked) => {
      for (const configuration of history(asked)) {
        const voters = votersIn(configuration);
        assert.ok(voters.length >= 1 && voters.length <= VOTERS_MAX, `${voters.length} voters`);
        const ids = configuration.members.map(idOf);
        assert.equal(new Set(ids).size, ids.length);
        const voting = configuration.members.filter(({ kind }) => kind === 'voter').map(({ nodeId }) => nodeId);
        assert.equal(new Set(voting).size, voting.length, 'one vote a node');
      }
    }),
    { numRuns: 500 },
  );
});

test('where the voters change, the way is by a joint configuration that holds both; else there is none', () => {
  fc.assert(
    fc.property(changes, change, (asked, last) => {
      const before = history(asked).at(-1) ?? votersNamed('n1');
      const next = changed(before, last);
      if (!next.ok) return;
      const same = [...votersIn(before)].sort().join() === [...votersIn(next.value)].sort().join();
      assert.equal(isJoint(next.value), !same);
      if (same) return;
      assert.deepEqual(next.value.outgoing?.map(idOf), votersIn(before));
      assert.deepEqual(leaving(next.value).members, next.value.members);
      assert.equal(isJoint(leaving(next.value)), false);
      for (const voter of [...votersIn(before), ...votersIn(next.value)]) {
        assert.ok(everyoneIn(next.value).includes(voter), 'whoever counts gets the log');
      }
    }),
    { numRuns: 500 },
  );
});

test('a quorum of a configuration and one of the next always share a voter', () => {
  /** Whether two sets that share nobody could both be a quorum. */
  const mayDisagree = (one: Configuration, other: Configuration): boolean => {
    const all = [...new Set([...everyoneIn(one), ...everyoneIn(other)])];
    const sets = [voterSetsOf(one), voterSetsOf(other)] as const;
    for (let mask = 0; mask < 1 << all.length; mask += 1) {
      const has = (voter: MemberId): boolean => (mask & (1 << all.indexOf(voter))) !== 0;
      if (isQuorum(sets[0], has) && isQuorum(sets[1], (voter) => !has(voter))) return true;
    }
    return false;
  };
  fc.assert(
    fc.property(changes, (asked) => {
      const seen = history(asked).slice(-4);
      for (const [at, configuration] of seen.entries()) {
        const next = seen[at + 1];
        if (next === undefined) continue;
        const [one, other] = [withoutOthers(configuration), withoutOthers(next)];
        assert.equal(mayDisagree(one, other), false, `${votersIn(one)} and ${votersIn(other)}`);
      }
    }),
    { numRuns: 100 },
  );
});

/** Learners and workers count for nothing: left out, there is less to try. */
const withoutOthers = (configuration: Configuration): Configuration => ({
  ...configuration,
  members: configuration.members.filter(({ kind }) => kind === 'voter'),
});

test('a change keeps whom it does not name, and the level that all can read', () => {
  const level = { ...votersNamed('n1', 'n2', 'n3'), featureLevel: 4 };
  const removed = changed(level, remove('n3'));
  assert.ok(removed.ok);
  assert.deepEqual(leaving(removed.value), { ...votersNamed('n1', 'n2'), featureLevel: 4 });
});

test('an older instance without a vote makes way for a newer; a voter stays until that is promoted', () => {
  const withLearner = changed(votersNamed('n1'), add('learner', 'n2', 1));
  assert.ok(withLearner.ok);
  const replaced = changed(withLearner.value, add('learner', 'n2', 2));
  assert.ok(replaced.ok);
  assert.deepEqual(everyoneIn(replaced.value), ['n1/i1', 'n2/i2']);
  const besideVoter = changed(votersNamed('n1', 'n2'), add('learner', 'n2', 2));
  assert.ok(besideVoter.ok);
  assert.deepEqual(everyoneIn(besideVoter.value), ['n1/i1', 'n2/i1', 'n2/i2']);
  const promoted = changed(besideVoter.value, promote('n2'));
  assert.ok(promoted.ok);
  assert.deepEqual(votersIn(promoted.value), ['n1/i1', 'n2/i2']);
  assert.equal(changed(votersNamed('n1', 'n2'), add('worker', 'n2', 2)).ok, false);
});

test('the bounds are named when they are reached', () => {
  const seven = votersNamed('n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7');
  const learner = changed(seven, add('learner', 'n8'));
  assert.ok(learner.ok);
  assert.deepEqual(changed(learner.value, promote('n8')), { ok: false, error: 'at most 7 voters are allowed' });
  const worker = (at: number): Member => ({
    ...{ nodeId: `w${at}` as NodeId, instance: 'i1' as InstanceId },
    kind: 'worker',
  });
  const full: Configuration = { members: [...seven.members, ...Array.from({ length: 57 }, (_, at) => worker(at))] };
  assert.deepEqual(changed(full, add('worker', 'w99')), { ok: false, error: 'at most 64 members are allowed' });
  assert.deepEqual(changed(votersNamed('n1'), remove('n1')), { ok: false, error: 'it would leave no voter' });
});

test('the configuration at an index is the newest at or below it', () => {
  const placed = [1, 4, 6].map((index) => ({ index, configuration: votersNamed(`n${index}`) }));
  assert.deepEqual(
    [0, 1, 3, 4, 5, 6, 99].map((index) => configurationAt(placed, index)?.index),
    [undefined, 1, 1, 4, 4, 6, 6],
  );
});
