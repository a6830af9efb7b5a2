import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { READS_WAITING_MAX, TERM_JUMP_MAX } from '../../src/raft/limits.ts';
import type { Message, MessageBody } from '../../src/raft/messages.ts';
import { roleOf } from '../../src/raft/role.ts';
import type { MemberId } from '../../src/raft/types.ts';
import {
  type Cluster,
  createCluster,
  diskWrites,
  feed,
  nodeNamed,
  roleNow,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { compactThrough } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { createNode, memberOf, running, start, type TestNode } from './cluster/node.ts';
import { append, heartbeat, restartWith, take, tell } from './cluster/say.ts';

/** Whatever comes in, no node stops, and nothing changes but by the rules of the paper. What cannot be is dropped, with its cause. */

const ROLES = ['follower', 'preCandidate', 'candidate', 'leader', 'recovering'] as const;

/** n1 of three in term 3, with two committed entries of term 1, the first of them compacted, and one of term 2 that is not committed. */
function as(role: (typeof ROLES)[number]): { cluster: Cluster; node: TestNode } {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  const node = restartWith(cluster, 'n1', [1, 1, 2], 2);
  tell(cluster, 'n1', 'n2', 2, append(2, 1, [2], 2));
  tell(cluster, 'n1', 'n2', 3, heartbeat(1, 2, 3));
  feed(cluster, node, { type: 'compacted', index: 1, term: compactThrough(node.disk, 1) });
  if (role === 'recovering') {
    node.disk.hardState = { term: 3, votedFor: null };
    start(node, true);
  } else if (role !== 'follower') timeOut(cluster, node);
  if (role === 'candidate' || role === 'leader') {
    tell(cluster, 'n1', 'n2', 3, { type: 'pre-vote-answer', forTerm: 4, granted: true });
  }
  if (role === 'leader') tell(cluster, 'n1', 'n2', 4, { type: 'vote-answer', granted: true });
  assert.equal(roleNow(cluster, 'n1'), role);
  take(cluster, 'n1');
  cluster.happened = [];
  return { cluster, node };
}

const small = fc.integer({ min: 0, max: 6 });
const number = fc.oneof({ weight: 6, arbitrary: small }, fc.constantFrom(-1, 0.5, Number.NaN, Infinity, 2 ** 53, 1e9));
const text = fc.constantFrom('', '{}', '[]', 'null', '{"members":7}', '{"members":[null]}', '{"members":[]}', '{', 'x');
const entry = fc.record({
  index: number,
  term: number,
  kind: fc.constantFrom('events' as const, 'configuration' as const, 'term-started' as const),
  data: text,
});
/** Entries that at least follow each other. */
const entries = fc.oneof(
  fc.array(entry, { maxLength: 4 }),
  fc
    .tuple(small, fc.array(entry, { maxLength: 4 }))
    .map(([from, list]) => list.map((one, at) => ({ ...one, index: from + at }))),
);
const configuration = fc.oneof(
  fc.constant(votersNamed('n1', 'n2', 'n3')),
  fc.constantFrom(null, {}, { members: 7 }, { members: [{}] }).map((wrong) => wrong as never),
);
const head = fc.record({
  snapshotId: fc.constantFrom('s', 't'),
  index: number,
  term: number,
  configuration,
  bytes: number,
});

const body: fc.Arbitrary<MessageBody> = fc.oneof(
  fc.record({ type: fc.constant('pre-vote' as const), forTerm: number, lastIndex: number, lastTerm: number }),
  fc.record({ type: fc.constant('pre-vote-answer' as const), forTerm: number, granted: fc.boolean() }),
  fc.record({ type: fc.constant('vote' as const), lastIndex: number, lastTerm: number, transfer: fc.boolean() }),
  fc.record({ type: fc.constant('vote-answer' as const), granted: fc.boolean() }),
  fc.record({
    type: fc.constant('append' as const),
    prevIndex: number,
    prevTerm: number,
    entries,
    commitIndex: number,
  }),
  fc.record({ type: fc.constant('appended' as const), matchIndex: number }),
  fc.record({
    type: fc.constant('append-refused' as const),
    prevIndex: number,
    lastIndex: number,
    hintIndex: number,
    hintTerm: number,
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    round: number,
    commitIndex: number,
    lastIndex: number,
    logLost: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('heartbeat-answer' as const),
    round: number,
    durableIndex: number,
    appliedIndex: number,
    recovering: fc.boolean(),
    featureLevel: number,
  }),
  fc.record({
    type: fc.constant('snapshot-chunk' as const),
    head,
    offset: number,
    data: fc.nat(9).map((length) => new Uint8Array(length)),
    checksum: fc.constantFrom(7, 8),
  }),
  fc.record({ type: fc.constant('snapshot-received' as const), snapshotId: fc.constant('s'), offset: number }),
  fc.record({ type: fc.constant('timeout-now' as const) }),
  fc.record({ type: fc.constant('read-index' as const), readIds: fc.array(number, { maxLength: 2 }) }),
  fc.record({
    type: fc.constant('read-index-answer' as const),
    readIds: fc.array(number, { maxLength: 2 }),
    index: fc.option(number),
  }),
);

const message: fc.Arbitrary<Message> = fc
  .record({
    from: fc.constantFrom(memberOf('n2'), memberOf('n3'), memberOf('n9'), memberOf('n2', 2), memberOf('n1')),
    to: fc.constantFrom<MemberId[]>(memberOf('n1'), memberOf('n1'), memberOf('n1'), memberOf('n2')),
    term: number,
  })
  .chain((between) => body.map((said) => ({ ...between, ...said })));

const snapshotOf = ({ core }: TestNode) => {
  assert.ok(core !== null);
  const { term, votedFor, leader } = core.role.context;
  const { lastIndex, lastTerm } = core.log;
  return { role: roleOf(core.role), term, votedFor, leader, lastIndex, lastTerm, commitIndex: core.commitIndex };
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** What holds of every node at any time, whatever it was told. */
function checkWhole(node: TestNode): void {
  const core = running(node);
  const { term, lastIndex, commitIndex } = snapshotOf(node);
  for (const value of [term, lastIndex, commitIndex, core.durableIndex]) assert.ok(isCount(value), `${value}`);
  assert.ok(commitIndex <= lastIndex);
  assert.ok(Array.isArray(core.configuration.members));
  for (const { matchIndex, nextIndex, snapshot, ackedRound, featureLevel } of core.leading?.peers.values() ?? []) {
    assert.ok(isCount(matchIndex) && matchIndex <= lastIndex, `matchIndex ${matchIndex}`);
    assert.ok(isCount(nextIndex) && nextIndex <= lastIndex + 1, `nextIndex ${nextIndex}`);
    assert.ok(isCount(ackedRound), `ackedRound ${ackedRound}`);
    assert.ok(featureLevel === null || isCount(featureLevel), `featureLevel ${featureLevel}`);
    if (snapshot !== null) assert.ok(isCount(snapshot.ackedOffset) && isCount(snapshot.askedOffset));
  }
}

describe('garbled messages', () => {
  for (const role of ROLES) {
    test(`a ${role} neither stops nor breaks a rule; what it drops changes nothing`, () => {
      fc.assert(
        fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), (messages) => {
          const { cluster, node } = as(role);
          for (const one of messages) {
            const before = snapshotOf(node);
            cluster.happened = [];
            const { from, term } = one;
            feed(cluster, node, { type: 'receive', messages: [one] });
            const after = snapshotOf(node);
            checkWhole(node);
            assert.ok(after.term >= before.term && after.commitIndex >= before.commitIndex);
            assert.ok(after.term === before.term || after.term === term || roleOf(running(node).role) === 'candidate');
            for (const { from: sender, cause } of effectsOf(cluster, 'n1', 'dropped')) {
              assert.equal(sender, from);
              assert.match(cause, /\w/);
              const { leader: _, ...kept } = before;
              const { leader: _new, ...now } = after;
              // A later term that the message carries counts all the same (paper §5.1).
              if (after.term === before.term && after.role === before.role) assert.deepEqual(now, kept);
            }
            while (diskWrites(cluster, node));
            checkWhole(node);
          }
        }),
        { numRuns: 2_000 },
      );
    });
  }

  const refusal = { type: 'append-refused', prevIndex: 3, lastIndex: 2, hintIndex: 2, hintTerm: 1 } as const;
  const log = { durableIndex: 1, appliedIndex: 1, recovering: false };
  const answer = { type: 'heartbeat-answer', round: 0, featureLevel: 1, ...log } as const;
  const snapshot = { snapshotId: 's', index: 9, term: 3, configuration: votersNamed('n1'), bytes: 9 };
  const chunk = (wrongHead: object, offset = 0) =>
    ({
      ...{ type: 'snapshot-chunk', head: { ...snapshot, ...wrongHead }, offset },
      ...{ data: new Uint8Array(5), checksum: 7 },
    }) as Message;
  const tooMany = new Array<number>(READS_WAITING_MAX + 1).fill(1);
  const configured = (data: string): Partial<Message> => {
    const entry = { index: 4, term: 3, kind: 'configuration', data } as const;
    return { type: 'append', prevIndex: 3, prevTerm: 2, entries: [entry], commitIndex: 0 };
  };

  const wrong: readonly (readonly [
    words: string,
    role: (typeof ROLES)[number],
    said: Partial<Message>,
    cause: RegExp,
  ])[] = [
    ['for somebody else', 'follower', { to: memberOf('n2'), ...heartbeat(2, 0) }, /another member/],
    ['in its own name', 'follower', { from: memberOf('n1'), ...heartbeat(2, 0) }, /this member itself/],
    ['with no term', 'follower', { term: Number.NaN, ...heartbeat(2, 0) }, /a term that is no count/],
    ['with half an index', 'follower', { ...append(0.5, 1, []) }, /an index that is no count/],
    ['with a gap', 'follower', { ...append(2, 1, [1]), ...{ prevIndex: 3 } } as Message, /do not follow each other/],
    ['with terms that go back', 'follower', { ...append(2, 1, [2, 1]) }, /terms go back/],
    ['of a later term than it says', 'follower', { ...append(2, 1, [9]) }, /a later term than its own/],
    ['that commits past its end', 'follower', { ...heartbeat(2, 9, 3) }, /past the end of its log/],
    ['that undoes a commit', 'follower', { ...append(1, 1, [2]) }, /entry 2 conflicts with a committed one/],
    [
      'that undoes what is compacted',
      'follower',
      { ...append(0, 0, [2, 3]) },
      /entry 1 conflicts with a committed one/,
    ],
    [
      'that is no candidate’s',
      'follower',
      { type: 'pre-vote', forTerm: 3, lastIndex: 1, lastTerm: 1 },
      /no later term/,
    ],
    ['of a log of the future', 'follower', { type: 'vote', lastIndex: 9, lastTerm: 9, transfer: false }, /later term/],
    ['of a second leader', 'leader', { term: 4, ...heartbeat(2, 0) }, /which this node leads/],
    ['with half an index', 'leader', { term: 4, type: 'appended', matchIndex: 0.5 }, /no count/],
    ['for more than was sent', 'leader', { term: 4, type: 'appended', matchIndex: 9 }, /more than was sent/],
    ['to a call to campaign of no leader', 'follower', { from: memberOf('n3'), type: 'timeout-now' }, /does not lead/],
    ['with half an index', 'leader', { term: 4, ...refusal, hintIndex: 0.5 }, /no count/],
    ['with half a level', 'leader', { term: 4, ...answer, featureLevel: 0.5 }, /no count/],
    ['with half a round', 'leader', { term: 4, ...answer, round: 0.5 }, /no count/],
    ['to a round that never was', 'leader', { term: 4, ...answer, round: 99 }, /a round not asked/],
    ['with half a term in it', 'follower', { ...append(3, 2, [2.5]) }, /terms go back/],
    ['of a configuration that is no JSON', 'follower', configured('{'), /a configuration that is none/],
    ['of a configuration that is nothing', 'follower', configured('null'), /a configuration that is none/],
    ['of a configuration without members', 'follower', configured('{}'), /a configuration that is none/],
    ['of members that are none', 'follower', configured('{"members":[null]}'), /a configuration that is none/],
    ['that leaves no members', 'follower', configured('{"members":[],"outgoing":7}'), /a configuration that is none/],
    ['with no configuration', 'follower', chunk({ configuration: null }), /a configuration that is none/],
    ['with half an index', 'follower', chunk({ index: 8.5 }), /no count/],
    ['outside of it', 'follower', chunk({}, 5), /a piece outside its snapshot/],
    ['of a later term', 'follower', chunk({ term: 4 }), /a later term than its own/],
    ['with half an offset', 'leader', { type: 'snapshot-received', snapshotId: 's', offset: 0.5 }, /no count/],
    ['with half a read', 'leader', { type: 'read-index', readIds: [0.5] }, /reads that none/],
    ['with more reads than there can be', 'leader', { type: 'read-index', readIds: tooMany }, /reads that none/],
    ['to half a read', 'follower', { type: 'read-index-answer', readIds: [0.5], index: 1 }, /reads that none/],
    ['of a term far away', 'follower', { ...heartbeat(1, 0), term: 4 + TERM_JUMP_MAX }, /no elections led to/],
    ['of the last term there is', 'leader', { ...refusal, term: Number.MAX_SAFE_INTEGER }, /no elections led to/],
    ['with a read at no index', 'follower', { type: 'read-index-answer', readIds: [1], index: -1 }, /no count/],
  ];
  for (const [words, role, said, cause] of wrong) {
    test(`${said.type} ${words}: dropped by a ${role}, and why`, () => {
      const { cluster, node } = as(role);
      const before = snapshotOf(node);
      const one = { from: memberOf('n2'), to: node.id, term: 3, ...said } as Message;
      const effects = feed(cluster, node, { type: 'receive', messages: [one] });
      assert.equal(effects.length, 1, JSON.stringify(effects));
      assert.equal(effects[0]?.type, 'dropped');
      assert.match((effects[0]?.type === 'dropped' && effects[0].cause) || '', cause);
      assert.deepEqual(snapshotOf(node), before);
    });
  }
});

test('a node that joins takes its cluster’s term as it is, however far it has come', () => {
  const cluster = createCluster(votersNamed('n1', 'n2'));
  cluster.nodes.set('n3', createNode('n3', { members: [] }));
  const term = 3 * TERM_JUMP_MAX;
  tell(cluster, 'n3', 'n1', term, heartbeat(1, 0));
  assert.equal(running(nodeNamed(cluster, 'n3')).role.context.term, term);
  // A member goes along with what elections can have led to while it was away.
  tell(cluster, 'n2', 'n1', TERM_JUMP_MAX, heartbeat(1, 0));
  assert.equal(running(nodeNamed(cluster, 'n2')).role.context.term, TERM_JUMP_MAX);
});
