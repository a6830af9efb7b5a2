import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { scanWal } from '../../src/store/wal-scan.ts';
import { removeDirectory, temporaryDirectory } from './log-directory.ts';
import { flipBit, randomFrom } from './log-image.ts';

const PAGE_BYTES = 4096;
const FRAME_BYTES = 24 + PAGE_BYTES;
const frameStart = (frame: number): number => 32 + frame * FRAME_BYTES;

describe('scanning a WAL that SQLite wrote', () => {
  let directory: string;
  let path: string;
  let database: Database.Database;
  beforeEach(() => {
    directory = temporaryDirectory();
    path = join(directory, 'copy-wal');
    database = new Database(join(directory, 'some.db'));
    database.pragma('journal_mode = WAL');
    database.pragma('wal_autocheckpoint = 0');
    database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)');
    database.pragma('wal_checkpoint(TRUNCATE)');
  });
  afterEach(() => {
    database.close();
    removeDirectory(directory);
  });

  const commit = (rows: number, bytes = 10): void => {
    const insert = database.prepare('INSERT INTO t (b) VALUES (?)');
    database.transaction(() => {
      for (let i = 0; i < rows; i += 1) insert.run('y'.repeat(bytes));
    })();
  };
  const framesInSqlite = (): number => {
    const [, frames] = database.prepare<[], [number, number, number]>('PRAGMA wal_checkpoint(NOOP)').raw().get() ?? [
      0, 0,
    ];
    return frames;
  };
  const take = (): void => writeFileSync(path, readFileSync(join(directory, 'some.db-wal')));

  test('counts the frames and commits that SQLite counts', () => {
    for (let i = 1; i <= 30; i += 1) {
      commit(1, i * 400);
      take();
      assert.deepEqual(scanWal(path), { kind: 'whole', frames: framesInSqlite(), commits: i });
    }
  });

  test('a missing, empty or zero-filled file is empty; zeros behind the frames are no frames', () => {
    assert.deepEqual(scanWal(path), { kind: 'empty' });
    writeFileSync(path, '');
    assert.deepEqual(scanWal(path), { kind: 'empty' });
    writeFileSync(path, Buffer.alloc(3_000_000));
    assert.deepEqual(scanWal(path), { kind: 'empty' });
    commit(3);
    take();
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1_000_000)]));
    assert.deepEqual(scanWal(path), { kind: 'whole', frames: framesInSqlite(), commits: 1 });
  });

  test('stale frames of an earlier generation behind the end are no damage', () => {
    for (let i = 0; i < 20; i += 1) commit(5, 500);
    const before = framesInSqlite();
    database.pragma('wal_checkpoint(PASSIVE)');
    commit(1);
    take();
    assert.ok(readFileSync(path).length >= frameStart(before));
    assert.deepEqual(scanWal(path), { kind: 'whole', frames: framesInSqlite(), commits: 1 });
  });

  test('a transaction cut short is torn: its frames stop anywhere, or miss one in the middle', () => {
    commit(1);
    const whole = framesInSqlite();
    commit(40, 1000);
    take();
    const content = readFileSync(path);
    const frames = framesInSqlite();
    assert.ok(frames > whole + 5);
    for (let end = whole + 1; end < frames; end += 1) {
      writeFileSync(path, content);
      truncateSync(path, frameStart(end) + (end % 3 === 0 ? 0 : 1000));
      assert.deepEqual(scanWal(path), { kind: 'torn', frames: whole, commits: 1 }, `cut behind frame ${end}`);
      const holed = Buffer.from(content);
      holed.fill(0, frameStart(end - 1), frameStart(end));
      writeFileSync(path, holed);
      assert.deepEqual(scanWal(path), { kind: 'torn', frames: whole, commits: 1 }, `without frame ${end - 1}`);
    }
  });

  test('any flipped bit before the last two commits is damage, at its frame', () => {
    for (let i = 0; i < 30; i += 1) commit(1 + (i % 4), 700);
    const safe = framesInSqlite();
    commit(1);
    commit(1);
    take();
    const content = readFileSync(path);
    const random = randomFrom(3);
    for (let round = 0; round < 200; round += 1) {
      writeFileSync(path, content);
      const bit = random(frameStart(safe) * 8);
      flipBit(path, bit);
      const found = scanWal(path);
      assert.ok(found.kind === 'damaged', `bit ${bit}: ${found.kind}`);
      const at = Math.floor(bit / 8);
      const expected = at < 32 ? 0 : frameStart(Math.floor((at - 32) / FRAME_BYTES));
      assert.equal(found.offsetBytes, expected);
    }
  });

  test('a zeroed header before frames is damage', () => {
    commit(1);
    take();
    const content = readFileSync(path);
    content.fill(0, 0, 32);
    writeFileSync(path, content);
    assert.equal(scanWal(path).kind, 'damaged');
  });

  test('a header whose checksums are big-endian is read that way', () => {
    // SQLite writes these on a big-endian machine; the words here are the header of such a file, summed by hand.
    commit(2);
    take();
    const content = readFileSync(path);
    content.writeUInt32BE(0x377f0683, 0);
    let first = 0;
    let second = 0;
    const sum = (from: number, bytes: number): void => {
      for (let at = from; at < from + bytes; at += 8) {
        first = (first + content.readUInt32BE(at) + second) >>> 0;
        second = (second + content.readUInt32BE(at + 4) + first) >>> 0;
      }
    };
    const store = (at: number): void => {
      content.writeUInt32BE(first, at);
      content.writeUInt32BE(second, at + 4);
    };
    sum(0, 24);
    store(24);
    const frames = framesInSqlite();
    for (let frame = 0; frame < frames; frame += 1) {
      sum(frameStart(frame), 8);
      sum(frameStart(frame) + 24, PAGE_BYTES);
      store(frameStart(frame) + 16);
    }
    writeFileSync(path, content);
    assert.deepEqual(scanWal(path), { kind: 'whole', frames, commits: 1 });
  });

  test('64 MiB in well under a second', (t) => {
    while (framesInSqlite() < 16_000) commit(2000, 2000);
    take();
    const startedAtMs = performance.now();
    assert.equal(scanWal(path).kind, 'whole');
    const tookMs = performance.now() - startedAtMs;
    t.diagnostic(`${framesInSqlite()} frames in ${tookMs.toFixed(0)} ms`);
    assert.ok(tookMs < 1000);
  });
});
