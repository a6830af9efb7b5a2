import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Entry, HardState, MemberId } from '../../src/raft/types.ts';
import { inspectLog } from '../../src/store/log-inspection.ts';
import { StorageRefused } from '../../src/store/log-store.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { entry } from '../contract/log-store.ts';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';
import { copyOf, flipBit, imageOf, randomFrom } from './log-image.ts';

const SMALL_WAL = { walPregrownBytes: 64 * 1024 };
const FLIPS_PER_FILE = 50;
const SEED = 20261122;
const WAL_HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4096;

const hardState: HardState = { term: 3, votedFor: 'n1/a' as MemberId };

/** A log half in log.db and half in its WAL, as a killed process leaves it. */
function killedLog(path: string): Entry[] {
  const random = randomFrom(SEED);
  const acknowledged: Entry[] = [];
  const write = (store: ReturnType<typeof openLog>['store'], persists: number): void => {
    for (let i = 0; i < persists; i += 1) {
      const next = Array.from({ length: 1 + random(6) }, (_, k) =>
        entry(acknowledged.length + 1 + k, 3, `${i} ${'x'.repeat(random(400))}`),
      );
      store.persist({ entries: next });
      acknowledged.push(...next);
    }
  };
  const first = openLog(path, SMALL_WAL);
  first.store.persist({ hardState, entries: [] });
  write(first.store, 150);
  first.close();
  images.oldGuard = readFileSync(groupPaths(path).guard);
  const second = openLog(path, SMALL_WAL);
  write(second.store, 150);
  images.killed = imageOf(path);
  second.close();
  return acknowledged;
}
const images = { killed: '', oldGuard: Buffer.alloc(0) };

type Outcome = 'refused' | 'refused when read' | 'whole';

/** Never anything else: all that was acknowledged, or a refusal. */
function outcomeOf(directory: string, acknowledged: readonly Entry[]): Outcome {
  const isDamaged = (error: unknown): boolean =>
    error instanceof StorageRefused && error.code === 'damaged' && error.remedy.length > 0;
  let opened: ReturnType<typeof openLog>;
  try {
    opened = openLog(directory, { ...SMALL_WAL, verifyFrom: acknowledged.length });
  } catch (error) {
    assert.ok(isDamaged(error), String(error));
    return 'refused';
  }
  try {
    assert.deepEqual(opened.store.hardState, hardState);
    assert.equal(opened.store.lastIndex, acknowledged.length);
    const read: Entry[] = [];
    while (read.length < acknowledged.length) read.push(...opened.store.read(read.length + 1, 50_000));
    assert.deepEqual(read, acknowledged);
    return 'whole';
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(isDamaged(error), String(error));
    return 'refused when read';
  } finally {
    opened.close();
  }
}

describe('a damaged log is refused, never shortened', () => {
  let path: string;
  let acknowledged: Entry[];
  before(() => {
    path = temporaryDirectory();
    acknowledged = killedLog(path);
  });
  after(() => {
    removeDirectory(path);
    removeDirectory(images.killed);
  });

  const onCopy = <T>(damage: (copy: string) => T): T => {
    const copy = copyOf(images.killed);
    try {
      return damage(copy);
    } finally {
      removeDirectory(copy);
    }
  };

  test('undamaged, it is whole', () => {
    assert.equal(
      onCopy((copy) => outcomeOf(copy, acknowledged)),
      'whole',
    );
  });

  for (const file of ['wal', 'log', 'guard'] as const)
    test(`one flipped bit anywhere in ${file} (${FLIPS_PER_FILE} places, seed ${SEED})`, (t) => {
      const random = randomFrom(SEED + file.length);
      const counts: Record<Outcome, number> = { refused: 0, 'refused when read': 0, whole: 0 };
      for (let round = 0; round < FLIPS_PER_FILE; round += 1)
        onCopy((copy) => {
          const target = groupPaths(copy)[file];
          const bit = random(statSync(target).size * 8);
          flipBit(target, bit);
          try {
            counts[outcomeOf(copy, acknowledged)] += 1;
          } catch (error) {
            throw new Error(`bit ${bit} of ${file}`, { cause: error });
          }
        });
      t.diagnostic(JSON.stringify(counts));
      if (file !== 'guard') assert.ok(counts.refused + counts['refused when read'] > FLIPS_PER_FILE / 4);
      else assert.equal(counts.refused, 0, 'the other slot is whole');
    });

  test('after a power cut the guard is old: the scan alone sees damage before the last two commits', () => {
    const { wal } = groupPaths(images.killed);
    const frames = Math.floor((statSync(wal).size - WAL_HEADER_BYTES) / FRAME_BYTES);
    const content = readFileSync(wal);
    const commits = Array.from({ length: frames }, (_, frame) => frame).filter(
      (frame) => content.readUInt32BE(WAL_HEADER_BYTES + frame * FRAME_BYTES + 4) !== 0,
    );
    const safeBytes = WAL_HEADER_BYTES + ((commits.at(-3) ?? 0) + 1) * FRAME_BYTES;
    const random = randomFrom(SEED);
    for (let round = 0; round < FLIPS_PER_FILE; round += 1)
      onCopy((copy) => {
        // As it was when the second process began: 150 persists ago.
        writeFileSync(groupPaths(copy).guard, images.oldGuard);
        const bit = random(safeBytes * 8);
        flipBit(groupPaths(copy).wal, bit);
        assert.equal(outcomeOf(copy, acknowledged), 'refused', `bit ${bit}`);
      });
  });

  test('a WAL cut anywhere, or gone, is a loss that the guard tells of', () => {
    const { size } = statSync(groupPaths(images.killed).wal);
    const random = randomFrom(SEED);
    for (let round = 0; round < 20; round += 1)
      onCopy((copy) => {
        truncateSync(groupPaths(copy).wal, round === 0 ? 0 : random(size - FRAME_BYTES));
        assert.equal(outcomeOf(copy, acknowledged), 'refused');
      });
    onCopy((copy) => {
      rmSync(groupPaths(copy).wal);
      assert.equal(outcomeOf(copy, acknowledged), 'refused');
    });
  });

  test('a missing log, guard or group directory is a loss, not a new directory', () => {
    for (const file of ['log', 'guard', 'directory'] as const)
      onCopy((copy) => {
        rmSync(groupPaths(copy)[file], { recursive: true });
        assert.equal(outcomeOf(copy, acknowledged), 'refused', file);
      });
  });

  test('a refusal leaves the files as they were, and names the commands', () => {
    onCopy((copy) => {
      const { wal, log } = groupPaths(copy);
      flipBit(wal, (WAL_HEADER_BYTES + 3 * FRAME_BYTES + 500) * 8);
      const before = [readFileSync(wal), readFileSync(log)];
      assert.throws(
        () => openLog(copy, SMALL_WAL),
        (error: unknown) =>
          error instanceof StorageRefused &&
          error.remedy.includes(`xcron store check --data-dir ${copy}`) &&
          error.remedy.includes(`xcron store truncate --accept-loss --data-dir ${copy}`),
      );
      assert.deepEqual([readFileSync(wal), readFileSync(log)], before);
      const found = inspectLog(copy);
      assert.ok(found.kind === 'damaged' && found.damages.some(({ kind }) => kind === 'wal'));
    });
  });
});
