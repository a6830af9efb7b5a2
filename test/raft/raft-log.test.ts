import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  appendEntry,
  createRaftLog,
  entriesFrom,
  forgetThrough,
  type RaftLog,
  recentEntry,
  resetTo,
  termAt,
  trimRecent,
  truncateFrom,
} from '../../src/raft/raft-log.ts';
import type { Entry } from '../../src/raft/types.ts';

/**
 * The log with its window in memory and the rest on disk, against a plain array that holds everything. What is on disk lags: a
 * truncation or an append reaches it with `persist`.
 */
interface Model {
  base: { index: number; term: number };
  entries: Entry[];
  /** As the disk has it. */
  disk: Entry[];
  durableIndex: number;
}

const lastOf = (model: Model): number => model.base.index + model.entries.length;
const lastTermOf = (model: Model): number => model.entries.at(-1)?.term ?? model.base.term;

function modelTermAt(model: Model, index: number): number | undefined {
  if (index === model.base.index) return model.base.term;
  return model.entries.find((entry) => entry.index === index)?.term;
}

type Command = (model: Model, log: RaftLog) => void;

const append = (count: number, bytes: number, later: number): Command => {
  return (model, log) => {
    for (let at = 0; at < count; at += 1) {
      const index = lastOf(model) + 1;
      const term = lastTermOf(model) + (at === 0 ? later : 0);
      const entry: Entry = { index, term, kind: 'events', data: 'x'.repeat(bytes) };
      model.entries.push(entry);
      appendEntry(log, entry);
    }
  };
};

const persist: Command = (model) => {
  model.disk = [...model.disk.filter(({ index }) => index <= model.base.index), ...model.entries];
  model.durableIndex = lastOf(model);
};

const truncate = (share: number): Command => {
  return (model, log) => {
    if (model.entries.length === 0) return;
    const index = model.base.index + 1 + Math.floor(share * model.entries.length);
    model.entries = model.entries.filter((entry) => entry.index < index);
    model.durableIndex = Math.min(model.durableIndex, index - 1);
    truncateFrom(log, index);
  };
};

const compact = (share: number): Command => {
  return (model, log) => {
    const index = model.base.index + Math.floor(share * (model.durableIndex - model.base.index + 1));
    const term = modelTermAt(model, index);
    if (term === undefined || index > model.durableIndex) return;
    model.base = { index, term };
    model.entries = model.entries.filter((entry) => entry.index > index);
    // What is compacted leaves the disk some other time.
    forgetThrough(log, { index, term });
  };
};

const install = (further: number): Command => {
  return (model, log) => {
    model.base = { index: lastOf(model) + further, term: lastTermOf(model) + 1 };
    model.entries = [];
    model.disk = [];
    model.durableIndex = model.base.index;
    resetTo(log, model.base);
  };
};

/** The window is empty, and all comes from the disk. */
const restart: Command = (model, log) => {
  persist(model, log);
  const { base, reader } = log;
  Object.assign(log, createRaftLog({ base, log: reader, lastIndex: lastOf(model), lastTerm: lastTermOf(model) }));
};

const trim: Command = (model, log) => trimRecent(log, model.durableIndex);

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(5), fc.constantFrom(0, 10, 2 ** 20), fc.nat(2)).map((of) => append(...of)) },
  { weight: 4, arbitrary: fc.constant(persist) },
  { weight: 4, arbitrary: fc.constant(trim) },
  { weight: 1, arbitrary: fc.constant(restart) },
  { weight: 2, arbitrary: share.map(truncate) },
  { weight: 2, arbitrary: share.map(compact) },
  { weight: 1, arbitrary: fc.nat(3).map((further) => install(further + 1)) },
);

function createBoth(): { model: Model; log: RaftLog } {
  const model: Model = { base: { index: 0, term: 0 }, entries: [], disk: [], durableIndex: 0 };
  const log = createRaftLog({
    base: model.base,
    lastIndex: 0,
    lastTerm: 0,
    log: {
      read: (fromIndex) => model.disk.filter((entry) => entry.index >= fromIndex),
      termAt: (index) => model.disk.find((entry) => entry.index === index)?.term,
    },
  });
  return { model, log };
}

function checkSame(model: Model, log: RaftLog): void {
  assert.equal(log.lastIndex, lastOf(model));
  assert.equal(log.lastTerm, lastTermOf(model));
  assert.deepEqual(log.base, model.base);
  for (let index = model.base.index - 1; index <= lastOf(model) + 1; index += 1) {
    assert.equal(termAt(log, index), modelTermAt(model, index), `term at ${index}`);
    const recent = recentEntry(log, index);
    if (recent !== undefined) assert.equal(recent, model.entries[index - model.base.index - 1]);
  }
  assert.equal(
    log.recentBytes,
    log.recent.reduce((sum, { data }) => sum + data.length, 0),
  );
  // What is not on disk is in memory.
  assert.ok(log.recent.length >= lastOf(model) - model.durableIndex);
}

function checkReads(model: Model, log: RaftLog, bytesMax: number, countMax: number): void {
  for (let from = model.base.index + 1; from <= lastOf(model) + 1; from += 1) {
    const read = entriesFrom(log, from, bytesMax, countMax);
    assert.deepEqual(read, model.entries.slice(from - model.base.index - 1).slice(0, read.length));
    assert.ok(read.length <= countMax);
    assert.equal(read.length === 0, from > lastOf(model), 'at least one, if there is one');
  }
}

test('the log is what an array of all entries would be, whatever is in memory and whatever on disk', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40, size: 'max' }), fc.constantFrom(1, 3, 100), (commands, countMax) => {
      const { model, log } = createBoth();
      for (const run of commands) {
        run(model, log);
        checkSame(model, log);
        checkReads(model, log, 100, countMax);
      }
    }),
    { numRuns: 200 },
  );
});

test('the window stays within its bounds as long as the disk keeps up', () => {
  const { model, log } = createBoth();
  for (let turn = 0; turn < 40; turn += 1) {
    append(2, 2 ** 18, 0)(model, log);
    persist(model, log);
    trim(model, log);
    assert.ok(log.recentBytes <= 4 * 2 ** 20);
  }
  for (let turn = 0; turn < 20; turn += 1) {
    append(1_000, 1, 0)(model, log);
    persist(model, log);
    trim(model, log);
    assert.ok(log.recent.length <= 8_192);
  }
  checkSame(model, log);
});

test('a message holds no more bytes than it may, save for one entry that is longer by itself', () => {
  const { model, log } = createBoth();
  append(10, 40, 1)(model, log);
  assert.equal(entriesFrom(log, 1, 100, 9).length, 2);
  assert.equal(entriesFrom(log, 1, 10, 9).length, 1);
  assert.equal(entriesFrom(log, 1, 1_000, 3).length, 3);
});

test('what the disk still holds of a tail that was replaced is not read', () => {
  const { model, log } = createBoth();
  append(3, 1, 1)(model, log);
  restart(model, log);
  append(2, 1, 0)(model, log);
  persist(model, log);
  truncateFrom(log, 4);
  model.entries.length = 3;
  append(1, 1, 1)(model, log);
  assert.deepEqual(
    entriesFrom(log, 1, 100, 100).map(({ index, term }) => [index, term]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
  );
});
