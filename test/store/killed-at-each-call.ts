import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { removeDirectory, temporaryDirectory } from './log-directory.ts';
import { traceProcess } from './strace.ts';

/** The system calls after which a crash can leave something else on the disk. */
const CHANGING_CALLS = ['pwrite64', 'fsync', 'fdatasync', 'rename', 'unlink', 'ftruncate', 'write'];

export interface CrashTest {
  /** A process that is given a directory as its argument, and says `begin` before the work and `end` after it. */
  readonly script: string;
  /** Copied for each run. */
  readonly before: string;
  /** Paths under the directory on which calls are counted; a worker thread's calls are counted apart from the loop's. */
  readonly paths: readonly string[];
  /** What a crash left, and whether the work had been told to be done. */
  check(directory: string, ended: boolean): void | Promise<void>;
}

/** Kills the process at each system call of its work in turn. Returns how many there were. */
export async function killedAtEachCall({ script, before, paths, check }: CrashTest): Promise<number> {
  const inACopy = async (
    inject: string | undefined,
    look: (run: ReturnType<typeof traceProcess>, path: string) => unknown,
  ) => {
    const parent = temporaryDirectory();
    const path = join(parent, 'd');
    cpSync(before, path, { recursive: true });
    const onlyPaths = inject === undefined ? [] : paths.map((under) => join(path, under));
    const options = { onlyPaths, ...(inject === undefined ? {} : { inject }) };
    await look(traceProcess(script, [path], join(parent, 'trace'), options), path);
    removeDirectory(parent);
  };
  // The same calls in every run: nothing in the work depends on time or chance.
  const kills: string[] = [];
  await inACopy(undefined, (run, path) => {
    assert.equal(run.lines.at(-1), 'end', run.lines.join('\n'));
    const ofPaths = (call: string): boolean =>
      paths.some((under) => call.includes(`${join(path, under)}>`) || call.includes(`"${join(path, under)}"`));
    const begin = run.calls.findIndex((call) => call.startsWith('write(1') && call.includes('"begin'));
    const end = run.calls.findIndex((call) => call.startsWith('write(1') && call.includes('"end'));
    for (const name of CHANGING_CALLS) {
      const isOne = (call: string): boolean => call.startsWith(`${name}(`) && ofPaths(call);
      const earlier = run.calls.slice(0, begin).filter(isOne).length;
      const during = run.calls.slice(begin, end).filter(isOne).length;
      for (let nth = 1; nth <= during; nth += 1) kills.push(`${name}:signal=KILL:when=${earlier + nth}`);
    }
  });
  for (const kill of kills)
    await inACopy(kill, async ({ lines }, path) => {
      assert.ok(lines.includes('begin'), `${kill} came before the work`);
      await check(path, lines.includes('end'));
    });
  return kills.length;
}
