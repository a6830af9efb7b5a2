import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MessageBody } from '../../src/raft/messages.ts';
import type { ClusterId, MemberId } from '../../src/raft/types.ts';
import type { Arrival } from '../../src/transport/arrivals.ts';
import type { PeerBatch } from '../../src/transport/transport.ts';
import { batchOf, EVERY_MESSAGE } from '../contract/transport.ts';
import { frameOf, frameWithHead, judgeOfN2, type Said, SECRET, SUBJECT } from './frames.ts';

const between = (body: MessageBody) => ({ from: 'n1/i-n1' as MemberId, to: 'n2/i-n2' as MemberId, term: 5, ...body });
const BATCH: PeerBatch = batchOf(EVERY_MESSAGE.map(between), [{ kind: 'note' }]);

const causeOf = (arrival: Arrival): string => (arrival.kind === 'dropped' ? arrival.cause : arrival.kind);

describe('what a node takes of what arrives', () => {
  test('a batch, whole', () => {
    const arrival = judgeOfN2(null).judge(SUBJECT, frameOf(BATCH));
    assert.deepEqual(arrival, { kind: 'batch', from: 'n1/i-n1', batch: BATCH });
  });

  const causes: readonly (readonly [string, Partial<Said>, string])[] = [
    ['of another cluster', { clusterId: 'c-2' as ClusterId }, 'foreign'],
    ['of a node that belongs to none', { clusterId: null }, 'foreign'],
    ['to an earlier instance of this node', { toInstance: 'i-before' }, 'misaddressed'],
    ['whose sender has no name', { instance: '' }, 'garbled'],
    ['whose sender has a name without end', { instance: 'x'.repeat(65) }, 'garbled'],
    ['whose number is none', { number: 1.5 }, 'garbled'],
    ['whose number is past all counting', { number: 2 ** 60 }, 'garbled'],
  ];
  for (const [what, changes, cause] of causes) {
    test(`nothing ${what}`, () => {
      assert.equal(causeOf(judgeOfN2(null).judge(SUBJECT, frameOf(BATCH, changes))), cause);
    });
  }

  test('a call of a node for itself, and for no other, whatever the servers let it say', () => {
    const called = (nodeId: unknown, instance: unknown): string => {
      const hail = { state: 'empty', nodeId, instance, sees: {}, wants: 'found' };
      const head = { clusterId: null, instance: 'i-n1', incarnation: 1, number: 1, hail };
      return causeOf(judgeOfN2(null).judge(SUBJECT, frameWithHead(JSON.stringify(head))));
    };
    assert.equal(called('n1', 'i-n1'), 'hail');
    for (const [nodeId, instance] of [
      ['n3', 'i-n1'],
      ['n1', 'i-n3'],
      [{}, 'i-n1'],
      [undefined, undefined],
    ] as const)
      assert.equal(called(nodeId, instance), 'garbled');
  });

  test('nothing twice, late, or of an earlier start; an instance of its own counts for itself', () => {
    const judge = judgeOfN2(null);
    const judged = (changes: Partial<Said>): string => causeOf(judge.judge(SUBJECT, frameOf(BATCH, changes)));
    assert.equal(judged({ incarnation: 7, number: 3 }), 'batch');
    assert.equal(judged({ incarnation: 7, number: 3 }), 'stale');
    assert.equal(judged({ incarnation: 7, number: 2 }), 'stale');
    assert.equal(judged({ incarnation: 6, number: 9 }), 'stale');
    assert.equal(judged({ incarnation: 7, number: 5 }), 'batch');
    assert.equal(judged({ incarnation: 8, number: 1 }), 'batch');
    assert.equal(judged({ incarnation: 7, number: 6 }), 'stale');
    assert.equal(judged({ instance: 'i-new', incarnation: 1, number: 1 }), 'batch');
  });

  test('what is foreign or forged does not make what is genuine old', () => {
    const judge = judgeOfN2(SECRET);
    for (const changes of [{ secret: SECRET, clusterId: 'c-2' as ClusterId }, { secret: 'of another cluster' }]) {
      judge.judge(SUBJECT, frameOf(BATCH, { incarnation: 9, number: 9, ...changes }));
    }
    assert.equal(causeOf(judge.judge(SUBJECT, frameOf(BATCH, { secret: SECRET }))), 'batch');
  });

  test('with a secret: nothing unsigned, signed by others, or said under another subject', () => {
    const judge = judgeOfN2(SECRET);
    assert.equal(causeOf(judge.judge(SUBJECT, frameOf(BATCH))), 'forged');
    assert.equal(causeOf(judge.judge(SUBJECT, frameOf(BATCH, { secret: `${SECRET}!` }))), 'forged');
    const genuine = frameOf(BATCH, { secret: SECRET });
    assert.equal(causeOf(judge.judge('xcron.demo.raft.0.n2.n3', genuine)), 'forged');
    assert.equal(causeOf(judge.judge('xcron.demo.bulk.0.n2.n1', genuine)), 'forged');
    assert.equal(causeOf(judge.judge(SUBJECT, genuine)), 'batch');
  });

  for (const secret of [SECRET, null]) {
    test(`a frame that is ${secret === null ? 'not ' : ''}signed, with one bit changed anywhere, is dropped`, () => {
      const genuine = frameOf(BATCH, { secret });
      for (let at = 0; at < genuine.length; at += 1) {
        const changed = Buffer.from(genuine);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        assert.match(causeOf(judgeOfN2(secret).judge(SUBJECT, changed)), /^(?:forged|garbled)$/, `byte ${at}`);
      }
    });
  }

  test('bytes at random, or a frame cut, grown or changed at random, are dropped', () => {
    const genuine = frameOf(BATCH);
    const changed = fc
      .tuple(fc.nat(genuine.length), fc.nat(40), fc.uint8Array({ maxLength: 40 }))
      .map(([at, gone, put]) => Buffer.concat([genuine.subarray(0, at), put, genuine.subarray(at + gone)]))
      .filter((bytes) => !bytes.equals(genuine));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
        assert.equal(causeOf(judgeOfN2(null).judge(SUBJECT, bytes)), 'garbled');
      }),
      { numRuns: 2_000 },
    );
  });

  test('a message with any field missing, or of another type, is none', () => {
    const field = fc.constantFrom(
      'prevIndex',
      'matchIndex',
      'granted',
      'entries',
      'readIds',
      'round',
      'head',
      'type',
      'term',
    );
    fc.assert(
      fc.property(field, fc.jsonValue(), fc.nat(EVERY_MESSAGE.length - 1), (name, value, at) => {
        const said: Record<string, unknown> = { ...between(EVERY_MESSAGE[at] as MessageBody) };
        if (!(name in said) || name === 'entries' || typeof value === typeof said[name]) return;
        const head = { clusterId: 'c-1', instance: 'i-n1', incarnation: 1, number: 1, toInstance: 'i-n2' };
        const raft = [{ ...said, entries: undefined, [name]: value }];
        const json = JSON.stringify({ ...head, raft, notes: [], clockMs: 1, clusterMs: 1 });
        assert.equal(causeOf(judgeOfN2(null).judge(SUBJECT, frameWithHead(json))), 'garbled');
      }),
      { numRuns: 2_000 },
    );
  });

  test('a head of any JSON is dropped unless it is one', () => {
    const origin = { clusterId: 'c-1', instance: 'i-n1', incarnation: 1, number: 1 };
    const batch = { ...origin, toInstance: 'i-n2', raft: [], notes: [], clockMs: 1, clusterMs: 1 };
    assert.equal(causeOf(judgeOfN2(null).judge(SUBJECT, frameWithHead(JSON.stringify(batch)))), 'batch');
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    for (const head of [
      'null',
      '[]',
      '1',
      '"text"',
      '{',
      '',
      JSON.stringify(origin),
      JSON.stringify({ ...batch, raft: null }),
      JSON.stringify({ ...batch, raft: [null] }),
      JSON.stringify({ ...batch, raft: [{ type: 'hasOwnProperty', term: 1 }] }),
      JSON.stringify({ ...batch, raft: [{ type: 'appended', term: 1 }] }),
      JSON.stringify({ ...batch, raft: [{ type: 'appended', term: '1', matchIndex: 1 }] }),
      JSON.stringify({ ...batch, raft: [{ type: 'append', term: 1, prevIndex: 1, prevTerm: 1, commitIndex: 1 }] }),
      JSON.stringify({
        ...batch,
        raft: [{ type: 'append', term: 1, prevIndex: 1, prevTerm: 1, commitIndex: 1, entries: [], quiet: 1 }],
      }),
      JSON.stringify({ ...batch, notes: {} }),
      JSON.stringify({ ...batch, clockMs: 'now' }),
      JSON.stringify({ ...batch, toInstance: 7 }),
      JSON.stringify(batch).replace('"notes":[]', `"notes":[${deep}]`),
      JSON.stringify(origin).replace('}', `,"hail":${deep}}`),
    ]) {
      assert.equal(causeOf(judgeOfN2(null).judge(SUBJECT, frameWithHead(head))), 'garbled', head.slice(0, 80));
    }
    const [append] = [{ type: 'append', term: 1, prevIndex: 0, prevTerm: 0, commitIndex: 0 }];
    for (const entries of [[[1, 1, 'events', 9]], [[1, 1, 'events', -1]], [[1, 1, 'deeds', 2]], [[1, 1, 'events']]]) {
      const head = JSON.stringify({ ...batch, raft: [{ ...append, entries }] });
      assert.equal(causeOf(judgeOfN2(null).judge(SUBJECT, frameWithHead(head, Buffer.from('{}')))), 'garbled');
    }
  });
});
