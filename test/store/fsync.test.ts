import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';
import { requireStrace, traceWriter } from './strace.ts';

const PERSISTS = 60;
const PERSISTS_OF_A_NEW_TERM = PERSISTS / 20;

describe('I1: fsync before an acknowledgement, counted by the kernel', () => {
  let directory: string;
  before(requireStrace);
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => removeDirectory(directory));

  test('one fsync of the WAL between a persist and its acknowledgement, one of the guard for a new term', () => {
    const { lines, calls } = traceWriter(directory, PERSISTS, join(directory, 'trace'));
    assert.equal(lines.at(-1), 'done');
    const start = calls.findIndex((call) => call.includes('"open '));
    assert.ok(start >= 0);
    let walSyncs = 0;
    let guardSyncs = 0;
    let acknowledged = 0;
    let allGuardSyncs = 0;
    for (const call of calls.slice(start + 1)) {
      if (/^f(data)?sync\(\d+<.*\/log\.db-wal>\) += 0/.test(call)) walSyncs += 1;
      if (/^f(data)?sync\(\d+<.*\/guard>\) += 0/.test(call)) guardSyncs += 1;
      if (!call.includes('"acknowledged ')) continue;
      acknowledged += 1;
      assert.ok(walSyncs >= 1, `acknowledgement ${acknowledged} without an fsync of the WAL`);
      assert.ok(walSyncs <= 2, 'the header of a WAL that starts over is one more');
      allGuardSyncs += guardSyncs;
      walSyncs = 0;
      guardSyncs = 0;
    }
    assert.equal(acknowledged, PERSISTS);
    // Lowered before the entries are replaced, raised with the term; and one of maintain.
    assert.equal(allGuardSyncs, 2 * PERSISTS_OF_A_NEW_TERM + 1);
  });

  for (const [fault, call] of [
    ['EIO', 'fsync'],
    ['EIO', 'pwrite64'],
    ['ENOSPC', 'pwrite64'],
  ] as const)
    test(`${fault} of ${call}: nothing more is acknowledged, and what was is there after a restart`, () => {
      openLog(directory).close();
      const healthy = traceWriter(directory, 5, join(directory, 'trace-healthy'));
      const callsToOpen = healthy.calls.findIndex((line) => line.includes('"open '));
      const before = healthy.calls.slice(0, callsToOpen).filter((line) => line.startsWith(`${call}(`)).length;
      const { lines } = traceWriter(
        directory,
        100,
        join(directory, 'trace'),
        `${call}:error=${fault}:when=${before + 30}+`,
      );
      assert.match(lines.at(-1) ?? '', /^failed (persist|maintain) /);
      const acknowledged = lines
        .filter((line) => line.startsWith('acknowledged'))
        .map((line) => Number(line.split(' ')[1]));
      assert.ok(acknowledged.length >= 5, lines.join('\n'));

      const { store, close } = openLog(directory);
      assert.ok(store.lastIndex >= (acknowledged.at(-1) ?? 0));
      assert.equal(store.read(1, Number.MAX_SAFE_INTEGER).length, store.lastIndex);
      store.persist({ entries: [] });
      close();
    });
});
