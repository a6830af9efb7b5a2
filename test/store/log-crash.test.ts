import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StorageRefused } from '../../src/store/log-store.ts';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';
import { randomFrom } from './log-image.ts';

const WRITER = fileURLToPath(new URL('./log-writer-process.ts', import.meta.url));
const FOREVER = '1000000';
const KILLS = 12;
const SEED = 7;

const startWriter = (directory: string, persists = FOREVER, seed = 1): ChildProcess =>
  spawn(process.execPath, [WRITER, directory, persists, '65536', String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** All lines that the writer got out, once it ended. Killed when it has said `killAfter` of them. */
async function linesUntilKilled(writer: ChildProcess, killAfter: number): Promise<string[]> {
  assert.ok(writer.stdout !== null);
  const lines: string[] = [];
  const ended = once(writer, 'close');
  createInterface(writer.stdout).on('line', (line) => {
    lines.push(line);
    if (lines.length === killAfter) writer.kill('SIGKILL');
  });
  await ended;
  return lines;
}

describe('a process that ends at any moment', () => {
  let directory: string;
  before(() => {
    directory = temporaryDirectory();
  });
  after(() => removeDirectory(directory));

  test(`I1: what it acknowledged is there after ${KILLS} SIGKILLs in mid-write (seed ${SEED})`, async (t) => {
    const random = randomFrom(SEED);
    let acknowledgedPersists = 0;
    for (let round = 1; round <= KILLS; round += 1) {
      const lines = await linesUntilKilled(startWriter(directory, FOREVER, round), 20 + random(400));
      const last = lines.findLast((line) => line.startsWith('acknowledged'));
      assert.ok(last !== undefined, lines.join('\n'));
      const [lastIndex = 0, term = 0] = last.split(' ').slice(1).map(Number);
      acknowledgedPersists += lines.length - 1;

      const { store, close } = openLog(directory, { walPregrownBytes: 65536 });
      // One persist may be durable whose acknowledgement did not get out; when it replaced entries, the log ends in a later term.
      assert.ok(store.hardState.term >= term);
      assert.ok(store.lastIndex >= lastIndex || store.lastTerm > term, `${store.lastIndex} after ${last}`);
      let index = 1;
      while (index <= store.lastIndex)
        for (const { data, term: entryTerm } of store.read(index, 100_000)) {
          assert.match(data, new RegExp(`^\\d+ ${entryTerm} ${index}$`));
          index += 1;
        }
      close();
    }
    t.diagnostic(`${acknowledgedPersists} acknowledged persists, none lost`);
  });

  test('a second process is refused at once, and let in when the first is killed', async () => {
    const holder = startWriter(directory);
    assert.ok(holder.stdout !== null);
    await once(createInterface(holder.stdout), 'line');
    const startedAtMs = performance.now();
    assert.throws(
      () => openLog(directory),
      (error: unknown) =>
        error instanceof StorageRefused &&
        error.code === 'locked' &&
        error.message.includes(directory) &&
        error.remedy.includes('--data-dir'),
    );
    assert.ok(performance.now() - startedAtMs < 1000, 'without waiting');
    const second = await linesUntilKilled(startWriter(directory), 1);
    assert.match(second[0] ?? '', /^refused locked/);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    openLog(directory).close();
  });
});
