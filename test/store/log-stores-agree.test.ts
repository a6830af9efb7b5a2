import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Configuration, EntryKind, MemberId } from '../../src/raft/types.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { createMemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { entry } from '../contract/log-store.ts';
import { type OpenedLog, openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';

/** The memory store is the oracle: what the simulator runs on must do what production does, in any order of calls. */

const RUNS = 20;
const SMALL = { walPregrownBytes: 64 * 1024 };
const KINDS: readonly EntryKind[] = ['events', 'configuration', 'term-started'];

type Step =
  | { readonly kind: 'append'; readonly kinds: readonly number[]; readonly text: string }
  | { readonly kind: 'replace'; readonly back: number; readonly kinds: readonly number[] }
  | { readonly kind: 'vote'; readonly termsOn: number }
  | { readonly kind: 'compact'; readonly share: number; readonly maxRows: number }
  | { readonly kind: 'reset'; readonly ahead: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'maintain' };

const kinds = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 8 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), kinds, text: fc.string() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), back: fc.nat({ max: 9 }), kinds }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vote' as const), termsOn: fc.nat({ max: 2 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      maxRows: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reset' as const), ahead: fc.integer({ min: -4, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'maintain' as const }) },
);

function run(store: LogStore, one: Exclude<Step, { kind: 'reopen' }>): void {
  const { term } = store.hardState;
  switch (one.kind) {
    case 'append': {
      const entries = one.kinds.map((kind, i) => entry(store.lastIndex + 1 + i, term, `${one.text}${i}`, KINDS[kind]));
      store.persist({ entries });
      return;
    }
    case 'replace': {
      const from = Math.max(store.base.index + 1, store.lastIndex - one.back);
      const entries = one.kinds.map((kind, i) => entry(from + i, term + 1, `replaced ${i}`, KINDS[kind]));
      store.persist({ hardState: { term: term + 1, votedFor: null }, entries });
      return;
    }
    case 'vote': {
      const next = term + one.termsOn;
      const votedFor = one.termsOn === 0 ? store.hardState.votedFor : (`n${next % 3}/i` as MemberId);
      store.persist({ hardState: { term: next, votedFor }, entries: [] });
      return;
    }
    case 'compact': {
      const through = store.base.index + Math.floor((store.lastIndex - store.base.index) * one.share);
      const configuration: Configuration = { members: [] };
      // How many calls it takes is each store's own affair.
      store.compact(through, configuration, one.maxRows);
      return;
    }
    case 'reset': {
      const index = Math.max(1, store.base.index, store.lastIndex + one.ahead);
      store.resetTo({ index, term: Math.max(store.lastTerm, store.base.term), configuration: { members: [] } });
      return;
    }
    case 'maintain':
      store.maintain();
      return;
  }
}

function everything(store: LogStore): unknown {
  const { hardState, base, lastIndex, lastTerm, sizeBytes } = store;
  const indexes = Array.from({ length: lastIndex - base.index + 3 }, (_, i) => base.index - 1 + i);
  return {
    ...{ hardState, base, lastIndex, lastTerm, sizeBytes },
    entries: store.read(base.index + 1, Number.MAX_SAFE_INTEGER),
    terms: indexes.map((index) => store.termAt(index)),
    lastOfKind: indexes.map((index) => KINDS.map((kind) => store.lastOfKind(kind, index))),
  };
}

test('SQLite and memory agree after any calls in any order', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
      const directory = temporaryDirectory();
      const disk = createMemoryLogDisk();
      let memory = openMemoryLogStore(disk);
      let sqlite: OpenedLog = openLog(directory, SMALL);
      try {
        for (const one of steps) {
          if (one.kind === 'reopen') {
            sqlite.close();
            sqlite = openLog(directory, SMALL);
            memory = openMemoryLogStore(disk);
          } else {
            run(sqlite.store, one);
            run(memory, one);
          }
          assert.deepEqual(everything(sqlite.store), everything(memory));
        }
      } finally {
        sqlite.close();
        removeDirectory(directory);
      }
    }),
    { numRuns: RUNS },
  );
});
