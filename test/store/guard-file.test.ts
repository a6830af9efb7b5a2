import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { MemberId } from '../../src/raft/types.ts';
import { type GuardRecord, openGuardFile, readGuard } from '../../src/store/guard-file.ts';
import { removeDirectory, temporaryDirectory } from './log-directory.ts';

const record = (lastIndex: number): GuardRecord => ({
  term: 7,
  votedFor: 'node-with-the-longest-name-of-32c/0123456789abcdef01234567' as MemberId,
  lastIndex,
  checksum: 0xffffffff,
});

describe('the guard file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    path = join(directory, 'guard');
  });
  afterEach(() => removeDirectory(directory));
  const read = (): GuardRecord => {
    const found = readGuard(path);
    assert.ok(found.kind === 'read', found.kind);
    return found.record;
  };

  test('is absent, then says what was written last', () => {
    assert.deepEqual(readGuard(path), { kind: 'absent' });
    const guard = openGuardFile(path, record(1));
    assert.deepEqual(read(), record(1));
    for (let index = 2; index < 30; index += 1) {
      if (index % 7 === 0) guard.sync();
      if (index % 5 === 0) guard.writeSynced(record(index));
      else guard.write(record(index));
      assert.deepEqual(read(), record(index));
    }
    guard.close();
    const again = openGuardFile(path, record(100));
    assert.deepEqual(read(), record(100));
    again.close();
  });

  test('whatever a power cut makes of the writes since the last fsync, what was fsynced is still known', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('write', 'writeSynced', 'sync'), { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (operations, noise) => {
          const guard = openGuardFile(path, record(1000));
          let synced = 1000;
          let index = 1000;
          let onDisk = readFileSync(path);
          for (const operation of operations) {
            if (operation !== 'sync') index += 1;
            if (operation === 'sync') guard.sync();
            else guard[operation](record(index));
            if (operation === 'write') continue;
            synced = index;
            onDisk = readFileSync(path);
          }
          guard.close();
          // Every byte that differs from what was fsynced is old, new, or rubbish.
          const now = readFileSync(path);
          const torn = Buffer.from(now);
          for (let at = 0; at < now.length; at += 1) {
            const before = onDisk[at] ?? 0;
            if (now[at] === before) continue;
            const [rubbish = 0] = noise.take(1);
            torn[at] = rubbish % 3 === 0 ? before : rubbish % 3 === 1 ? (now[at] ?? 0) : rubbish;
          }
          writeFileSync(path, torn);
          const found = read();
          assert.ok(found.lastIndex >= synced && found.lastIndex <= index, `${found.lastIndex}, synced ${synced}`);
          assert.equal(found.term, 7);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('one slot is enough; with none it is damaged', () => {
    openGuardFile(path, record(5)).close();
    const content = readFileSync(path);
    for (const slot of [0, 4096]) {
      const half = Buffer.from(content);
      half[slot + 20] = 0;
      writeFileSync(path, half);
      assert.deepEqual(read(), record(5));
    }
    content[20] = 0;
    content[4096 + 20] = 0;
    writeFileSync(path, content);
    assert.deepEqual(readGuard(path), { kind: 'damaged' });
    writeFileSync(path, '');
    assert.deepEqual(readGuard(path), { kind: 'damaged' });
  });
});
