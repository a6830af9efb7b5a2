import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../src/invariant.ts';
import type { Configuration, Entry, EntryKind, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { type LogStore, StorageFailed } from '../../src/store/log-store.ts';

/** What every implementation of the port must do; each runs it on a disk of its own. */
export interface LogStoreUnderTest {
  /** A store on the same disk each time; the one before was closed. */
  open(): LogStore;
  /** The next write of the open store fails, as on a full disk. */
  failNextWrite(): void;
  remove(): void;
}

export const entry = (index: number, term = 1, data = `entry ${index}`, kind: EntryKind = 'events'): Entry => ({
  index,
  term,
  kind,
  data,
});

export const entries = (from: number, to: number, term = 1, data?: string): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term, data));

const EVERYTHING = Number.MAX_SAFE_INTEGER;
const n1 = 'n1/a' as MemberId;
const n2 = 'n2/b' as MemberId;
const configuration: Configuration = {
  members: [{ nodeId: 'n1' as NodeId, instance: 'a' as InstanceId, kind: 'voter' }],
};

export function logStoreContract(name: string, create: () => LogStoreUnderTest): void {
  describe(`log store contract: ${name}`, () => {
    let disk: LogStoreUnderTest;
    let store: LogStore;
    beforeEach(() => {
      disk = create();
      store = disk.open();
    });
    afterEach(() => {
      store.close();
      disk.remove();
    });
    const reopen = (): void => {
      store.close();
      store = disk.open();
    };

    test('begins empty', () => {
      assert.deepEqual(store.hardState, { term: 0, votedFor: null });
      assert.deepEqual(store.base, { index: 0, term: 0, checksum: '00000000', configuration: null });
      assert.equal(store.lastIndex, 0);
      assert.equal(store.lastTerm, 0);
      assert.equal(store.sizeBytes, 0);
      assert.deepEqual(store.read(1, EVERYTHING), []);
      assert.equal(store.termAt(0), 0);
      assert.equal(store.termAt(1), undefined);
      assert.equal(store.lastOfKind('configuration', 10), undefined);
    });

    test('reads back what it persisted, at once and after reopening', () => {
      store.persist({ hardState: { term: 1, votedFor: n1 }, entries: entries(1, 3) });
      store.persist({ hardState: { term: 2, votedFor: null }, entries: entries(4, 5, 2, 'ä') });
      for (const again of [false, true]) {
        if (again) reopen();
        assert.deepEqual(store.read(1, EVERYTHING), [...entries(1, 3), ...entries(4, 5, 2, 'ä')]);
        assert.deepEqual(store.hardState, { term: 2, votedFor: null });
        assert.equal(store.lastIndex, 5);
        assert.equal(store.lastTerm, 2);
        assert.equal(store.sizeBytes, 3 * 'entry 1'.length + 2 * 2);
        assert.equal(store.termAt(3), 1);
        assert.equal(store.termAt(4), 2);
        assert.equal(store.termAt(6), undefined);
      }
    });

    test('reads at least one entry, then no more than maxBytes of data', () => {
      store.persist({ entries: entries(1, 10, 1, '0123456789') });
      const indexes = (from: number, maxBytes: number): number[] =>
        store.read(from, maxBytes).map(({ index }) => index);
      assert.deepEqual(indexes(3, 0), [3]);
      assert.deepEqual(indexes(3, 29), [3, 4]);
      assert.deepEqual(indexes(3, 30), [3, 4, 5]);
      assert.deepEqual(indexes(9, EVERYTHING), [9, 10]);
      assert.deepEqual(indexes(11, EVERYTHING), []);
    });

    test('§5.3: an entry at an index that is held replaces it and all that follow', () => {
      store.persist({ hardState: { term: 1, votedFor: n1 }, entries: entries(1, 9) });
      store.persist({ hardState: { term: 3, votedFor: null }, entries: entries(4, 5, 3, 'other') });
      for (const again of [false, true]) {
        if (again) reopen();
        assert.deepEqual(store.read(1, EVERYTHING), [...entries(1, 3), ...entries(4, 5, 3, 'other')]);
        assert.equal(store.lastIndex, 5);
        assert.equal(store.sizeBytes, 3 * 'entry 1'.length + 2 * 'other'.length);
        assert.equal(store.termAt(6), undefined);
      }
      store.persist({ entries: entries(1, 1, 3, 'all of it') });
      reopen();
      assert.deepEqual(store.read(1, EVERYTHING), entries(1, 1, 3, 'all of it'));
    });

    test('finds the newest entry of a kind, and forgets one that was replaced', () => {
      store.persist({
        entries: [
          entry(1, 1, '', 'term-started'),
          entry(2, 1, 'first', 'configuration'),
          entry(3),
          entry(4, 1, 'second', 'configuration'),
          entry(5),
        ],
      });
      const found = (kind: EntryKind, through: number): number | undefined => store.lastOfKind(kind, through)?.index;
      assert.equal(found('configuration', 1), undefined);
      assert.equal(found('configuration', 3), 2);
      assert.equal(found('configuration', 4), 4);
      assert.equal(found('configuration', 1000), 4);
      assert.equal(found('term-started', 5), 1);
      assert.equal(found('events', 4), 3);
      assert.equal(found('events', 2), undefined);
      store.persist({ entries: [entry(4, 2)] });
      assert.equal(found('configuration', 1000), 2);
      reopen();
      assert.equal(found('configuration', 1000), 2);
      assert.equal(store.lastOfKind('configuration', 2)?.data, 'first');
    });

    test('I8: hard state alone is durable; terms and votes never go back', () => {
      store.persist({ hardState: { term: 5, votedFor: null }, entries: [] });
      store.persist({ hardState: { term: 5, votedFor: n1 }, entries: [] });
      reopen();
      assert.deepEqual(store.hardState, { term: 5, votedFor: n1 });
      assert.throws(() => store.persist({ hardState: { term: 5, votedFor: n2 }, entries: [] }), InvariantBroken);
      assert.throws(() => store.persist({ hardState: { term: 5, votedFor: null }, entries: [] }), InvariantBroken);
      assert.throws(() => store.persist({ hardState: { term: 4, votedFor: null }, entries: [] }), InvariantBroken);
      store.persist({ hardState: { term: 6, votedFor: n2 }, entries: [] });
    });

    test('refuses a gap, an index out of order, a falling term, text that would not come back; and goes on', () => {
      store.persist({ entries: entries(1, 3, 2) });
      for (const wrong of [
        [entry(5, 2)],
        [entry(0, 2)],
        [entry(4, 2), entry(6, 2)],
        [entry(4, 1)],
        [entry(4, 3), entry(5, 2)],
        [entry(4, 2, '\ud800')],
      ])
        assert.throws(() => store.persist({ entries: wrong }), InvariantBroken);
      store.persist({ entries: [entry(4, 2)] });
      assert.equal(store.lastIndex, 4);
    });

    test('compacts, bounded per call, and the log goes on from its base', () => {
      store.persist({ hardState: { term: 1, votedFor: n1 }, entries: entries(1, 100) });
      const checksums = expectedChecksums(store.read(1, EVERYTHING));
      let calls = 0;
      while (store.compact(60, configuration, 7)) {
        calls += 1;
        assert.equal(store.base.index, 60, 'the base moves at once, so that its configuration is right');
        if (calls === 3) reopen();
      }
      assert.ok(calls <= 9);
      for (const again of [false, true]) {
        if (again) reopen();
        assert.deepEqual(store.base, { index: 60, term: 1, checksum: checksums(60), configuration });
        assert.equal(store.termAt(60), 1);
        assert.equal(store.termAt(59), undefined);
        assert.throws(() => store.read(60, EVERYTHING), RangeError);
        assert.deepEqual(store.read(61, EVERYTHING), entries(61, 100));
        assert.equal(store.sizeBytes, 39 * 'entry 61'.length + 'entry 100'.length);
      }
      assert.equal(store.compact(10, configuration, 7), false, 'already forgotten');
      assert.equal(store.base.index, 60);
      assert.throws(() => store.compact(101, configuration, 7), RangeError);
      assert.throws(
        () => store.persist({ entries: [entry(60, 2)] }),
        InvariantBroken,
        'below the base nothing is replaced',
      );
      store.persist({ entries: entries(61, 62, 2, 'after the base') });
      assert.equal(store.compact(62, configuration, 1000), false);
      reopen();
      assert.equal(store.lastIndex, 62);
      assert.equal(store.lastTerm, 2);
      assert.equal(store.sizeBytes, 0);
      store.persist({ entries: [entry(63, 2)] });
      reopen();
      assert.deepEqual(store.read(63, EVERYTHING), [entry(63, 2)]);
    });

    test('a compacted configuration entry is no longer found; the base has it', () => {
      store.persist({ entries: [entry(1, 1, 'c', 'configuration'), entry(2), entry(3)] });
      while (store.compact(2, configuration, 1));
      reopen();
      assert.equal(store.lastOfKind('configuration', 3), undefined);
      assert.deepEqual(store.base.configuration, configuration);
      assert.equal(store.lastOfKind('events', 3)?.index, 3);
      assert.equal(store.lastOfKind('events', 2), undefined);
    });

    test('§7: begins anew behind a snapshot: ahead of the log, inside it, and with nothing left of what followed', () => {
      store.persist({ hardState: { term: 3, votedFor: n1 }, entries: entries(1, 100, 2) });
      for (const [index, term] of [
        [40, 2],
        [41, 3],
        [500, 3],
      ] as const) {
        store.resetTo({ index, term, configuration });
        for (const again of [false, true]) {
          if (again) reopen();
          const { checksum, ...base } = store.base;
          assert.deepEqual(base, { index, term, configuration });
          assert.equal(checksum, expectedReset(index, term), 'the chain goes on from the snapshot');
          assert.deepEqual([store.lastIndex, store.lastTerm, store.sizeBytes], [index, term, 0]);
          assert.deepEqual(store.hardState, { term: 3, votedFor: n1 }, 'I8: no vote is forgotten');
          assert.deepEqual(store.read(index + 1, EVERYTHING), []);
          assert.throws(() => store.read(index, EVERYTHING), RangeError);
          assert.deepEqual([index - 1, index, index + 1].map(store.termAt.bind(store)), [undefined, term, undefined]);
          assert.equal(store.lastOfKind('events', index), undefined);
        }
        assert.throws(() => store.persist({ entries: [entry(index, 3)] }), InvariantBroken);
        assert.throws(() => store.persist({ entries: [entry(index + 2, 3)] }), InvariantBroken);
        const next = [entry(index + 1, 3, 'first'), entry(index + 2, 3, 'c', 'configuration')];
        store.persist({ entries: next });
        reopen();
        assert.deepEqual(store.read(index + 1, EVERYTHING), next);
        assert.equal(store.lastOfKind('events', index + 2)?.index, index + 1);
      }
    });

    test('what a reset left behind is forgotten bit by bit, in a number of calls that does not grow with the gap', () => {
      store.persist({ entries: entries(1, 20, 0) });
      store.resetTo({ index: 1_000_000_000, term: 0, configuration });
      let calls = 1;
      while (store.compact(1_000_000_000, configuration, 7)) calls += 1;
      assert.ok(calls <= 4, `${calls} calls for 20 rows`);
      reopen();
      assert.deepEqual([store.base.index, store.lastIndex], [1_000_000_000, 1_000_000_000]);
    });

    test('a log does not begin behind its base, nor in a term that this node has not seen', () => {
      store.persist({ hardState: { term: 2, votedFor: null }, entries: entries(1, 10, 2) });
      store.compact(5, configuration, 100);
      for (const [index, term] of [
        [4, 2],
        [0, 2],
        [7, 3],
        [7, 1],
        [7.5, 2],
      ] as const)
        assert.throws(() => store.resetTo({ index, term, configuration }), InvariantBroken, `${index} of term ${term}`);
      assert.deepEqual(store.read(6, EVERYTHING), entries(6, 10, 2));
      store.resetTo({ index: 5, term: 2, configuration: null });
      assert.deepEqual([store.lastIndex, store.base.configuration], [5, null]);
    });

    test('a failed write stops the store: it throws StorageFailed, then refuses every write, and is whole when reopened', () => {
      store.persist({ hardState: { term: 1, votedFor: n1 }, entries: entries(1, 20) });
      disk.failNextWrite();
      assert.throws(() => store.persist({ entries: entries(21, 400, 1, 'x'.repeat(2000)) }), StorageFailed);
      assert.equal(store.lastIndex >= 20, true);
      for (let i = 0; i < 2; i += 1) {
        assert.throws(() => store.persist({ entries: [entry(21)] }), StorageFailed);
        assert.throws(() => store.compact(10, configuration, 100), StorageFailed);
        assert.throws(() => store.resetTo({ index: 30, term: 1, configuration }), StorageFailed);
        assert.throws(() => store.maintain(), StorageFailed);
      }
      reopen();
      assert.deepEqual(store.read(1, EVERYTHING).slice(0, 20), entries(1, 20));
      assert.deepEqual(store.hardState, { term: 1, votedFor: n1 });
      store.persist({ entries: [entry(21)] });
      assert.equal(store.lastIndex, 21);
    });

    test('maintain changes nothing that is read', () => {
      store.persist({ entries: entries(1, 5) });
      store.maintain();
      store.maintain();
      assert.deepEqual(store.read(1, EVERYTHING), entries(1, 5));
    });

    test('any text comes back as it was, in any division into writes', () => {
      fc.assert(
        fc.property(
          fc.array(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 6 }), { maxLength: 8 }),
          (writes) => {
            const start = store.lastIndex + 1;
            const expected: Entry[] = [];
            for (const texts of writes) {
              const next = texts.map((text, i) => entry(start + expected.length + i, store.lastTerm, text));
              store.persist({ entries: next });
              expected.push(...next);
            }
            assert.deepEqual(store.read(start, EVERYTHING), expected);
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}

function expectedChecksums(all: readonly Entry[]): (index: number) => string {
  return (index) => {
    let checksum = 0;
    for (const one of all.slice(0, index))
      checksum = independentCrc32(`${one.index} ${one.term} ${one.kind}\n${one.data}`, checksum);
    return checksum.toString(16).padStart(8, '0');
  };
}

const expectedReset = (index: number, term: number): string =>
  independentCrc32(`${index} ${term} last included`, 0).toString(16).padStart(8, '0');

/** CRC-32 by its definition (reflected polynomial 0xEDB88320), bit by bit: an oracle that shares nothing with zlib. */
function independentCrc32(text: string, seed: number): number {
  let crc = ~seed;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
