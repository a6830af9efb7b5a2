import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { recomputeStateHash } from '../../src/store/projection-verify.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { applyTo } from '../contract/projection.ts';
import { killedAtEachCall } from './killed-at-each-call.ts';
import { bulkEntry, bulkHashes } from './projection-bulk.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';
import { requireStrace } from './strace.ts';

const WRITER = fileURLToPath(new URL('./projection-writer-process.ts', import.meta.url));
const ENTRIES = 60;
const ROUNDS = 12;
/** Tasks called `task 10` and `task 100`. */
const NAMED_PER_ENTRY = 2;

describe('state.db after a crash', () => {
  let hashes: readonly string[] = [];
  let directory = '';
  const started: ChildProcess[] = [];
  before(async () => {
    await requireStrace();
    hashes = await bulkHashes(ENTRIES);
  });
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => removeDirectory(directory));
  after(() => {
    for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  });

  /** The file holds the state at exactly one index, by its rows as by its own account. */
  async function checkFile(): Promise<number> {
    const { appliedIndex, hash, recorded, damagedRows } = await recomputeStateHash(groupPaths(directory).state);
    assert.equal(damagedRows, 0);
    assert.equal(hash, hashes[appliedIndex], `the rows at index ${appliedIndex}`);
    assert.equal(recorded, hashes[appliedIndex]);
    const projection = await openQuietly(directory);
    assert.equal(projection.start.appliedIndex, appliedIndex);
    assert.equal((await projection.stateHash()).hash, hashes[appliedIndex]);
    await projection.close();
    return appliedIndex;
  }

  test(`raft.md case 29: SIGKILL at any moment leaves the state of some flush, applied index included, ${ROUNDS} times`, async (t) => {
    let applied = 0;
    let killed = 0;
    for (let round = 0; round < ROUNDS && applied < ENTRIES; round += 1) {
      const child = spawn(process.execPath, [WRITER, directory, String(ENTRIES)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started.push(child);
      let durable = applied;
      let first: (() => void) | undefined;
      const flushing = new Promise<void>((resolve) => {
        first = resolve;
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [word, index] = line.split(' ');
        if (word === 'durable') durable = Number(index);
        if (word === 'opened') assert.equal(Number(index), applied);
        first?.();
      });
      await flushing;
      // Not a wait for something: the moment of the kill is to be any.
      await pause((round * 97) % 400);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (child.signalCode === 'SIGKILL') killed += 1;
      applied = await checkFile();
      assert.ok(applied >= durable, `index ${durable} was told durable, ${applied} is there`);
    }
    assert.ok(killed > 0);
    t.diagnostic(`${killed} kills, index ${applied} reached`);
  });

  test('I1: the WAL is fsynced before a flush is told durable', () => {
    const trace = join(directory, 'trace');
    const run = spawnSync(
      'strace',
      [
        ...['-f', '-y', '-e', 'trace=fsync,fdatasync,write', '-s', '40', '-o', trace],
        ...[process.execPath, WRITER, directory, '8'],
      ],
      { encoding: 'utf8' },
    );
    assert.match(run.stdout, /done/);
    let synced = 0;
    let told = 0;
    let opened = false;
    for (const call of readFileSync(trace, 'utf8').split('\n')) {
      if (call.includes('"opened ')) opened = true;
      if (opened && /f(data)?sync\(\d+<.*\/state\.db-wal>/.test(call)) synced += 1;
      if (!call.includes('"durable ')) continue;
      told += 1;
      // Index, rows and hash are one commit: one fsync, and one more where the WAL starts over.
      assert.ok(synced <= 2 * told, `${synced} fsyncs of the WAL for ${told} flushes`);
      assert.ok(synced >= told, `durable was said ${told} times after ${synced} fsyncs of the WAL`);
    }
    assert.ok(told >= 2);
  });

  test('§7: killed at any system call of a replacement, the file is the old state or the snapshot, whole', async (t) => {
    const elsewhere = temporaryDirectory();
    const source = await openQuietly(elsewhere);
    for (let index = 1; index <= 5; index += 1) await applyTo(source, index, bulkEntry(index));
    const before = await openQuietly(directory);
    await applyTo(before, 1, bulkEntry(1));
    await before.close();
    await source.copyTo(join(groupPaths(directory).directory, 'received.db'));
    await source.close();
    removeDirectory(elsewhere);
    const found = new Set<number>();
    const kills = await killedAtEachCall({
      script: fileURLToPath(new URL('./projection-replace-process.ts', import.meta.url)),
      before: directory,
      paths: ['group-0', ...['state.db', 'state.db-wal', 'received.db'].map((file) => `group-0/${file}`)],
      async check(path, ended) {
        const { appliedIndex, hash, damagedRows } = await recomputeStateHash(groupPaths(path).state);
        assert.deepEqual([damagedRows, hash], [0, hashes[appliedIndex]]);
        assert.ok(!ended || appliedIndex === 5, 'what was told to be in place is');
        found.add(appliedIndex);
        const projection = await openQuietly(path);
        assert.equal(projection.start.appliedIndex, appliedIndex);
        await projection.close();
      },
    });
    t.diagnostic(`${kills} kills`);
    assert.deepEqual([...found].sort(), [1, 5]);
  });

  test('a full disk: told once, reads go on, and the next start with space goes on from the last flush', async () => {
    const limited = spawnSync('prlimit', ['--fsize=1500000', process.execPath, WRITER, directory, String(ENTRIES)], {
      encoding: 'utf8',
    });
    const lines = limited.stdout.trim().split('\n');
    assert.equal(lines.filter((line) => line.startsWith('failed ')).length, 1, limited.stdout + limited.stderr);
    assert.ok(lines.includes(`reads ${NAMED_PER_ENTRY * ENTRIES}`), 'memory and file together still answer');
    assert.equal(lines.at(-1), 'done');
    const durable = Number(lines.findLast((line) => line.startsWith('durable '))?.split(' ')[1] ?? 0);
    assert.equal(await checkFile(), durable);
    const again = spawnSync(process.execPath, [WRITER, directory, String(ENTRIES)], { encoding: 'utf8' });
    assert.match(again.stdout, /done/);
    assert.equal(await checkFile(), ENTRIES);
  });
});
