import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureSystemTools, SYSTEM_TOOLS, thisMachine } from '../../ops/scripts/system-tools.ts';

/** A missing fsync shows in no other way short of a power cut, so strace is installed where it can be, and the test never skipped. */
export async function requireStrace(): Promise<void> {
  const strace = SYSTEM_TOOLS.filter(({ command }) => command === 'strace');
  const said: string[] = [];
  const machine = { ...thisMachine, say: (line: string) => said.push(line) };
  if (!(await ensureSystemTools(strace, machine))) throw new Error(said.join('\n'));
}

const WRITER = fileURLToPath(new URL('./log-writer-process.ts', import.meta.url));

export interface TracedRun {
  readonly lines: readonly string[];
  /** One system call each, in order, with the paths of its descriptors: `fsync(21</tmp/…/log.db-wal>) = 0`. */
  readonly calls: readonly string[];
}

export interface TraceOptions {
  /** A fault in strace's words, such as `fsync:error=EIO:when=9+`. */
  readonly inject?: string;
  /** Calls on these files alone are traced, counted and failed. */
  readonly onlyPaths?: readonly string[];
}

/** What may change a file, or tell somebody. */
const TRACED = 'fsync,fdatasync,write,pwrite64,rename,unlink,ftruncate';

/** Runs a TypeScript file as a process under strace. */
export function traceProcess(
  script: string,
  args: readonly string[],
  tracePath: string,
  options: TraceOptions = {},
): TracedRun {
  const { inject, onlyPaths = [] } = options;
  const run = spawnSync(
    'strace',
    [
      ...['-f', '-y', '-e', `trace=${TRACED}`, '-s', '40', '-o', tracePath],
      ...(inject === undefined ? [] : ['-e', `inject=${inject}`]),
      ...onlyPaths.flatMap((path) => ['-P', path]),
      ...[process.execPath, script, ...args],
    ],
    { encoding: 'utf8' },
  );
  const calls = readFileSync(tracePath, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\d+\s+/, ''));
  return { lines: run.stdout.split('\n').filter((line) => line !== ''), calls };
}

export const traceWriter = (
  directory: string,
  persists: number,
  tracePath: string,
  inject?: string,
  onlyPath?: string,
): TracedRun =>
  traceProcess(WRITER, [directory, String(persists)], tracePath, {
    ...(inject === undefined ? {} : { inject }),
    ...(onlyPath === undefined ? {} : { onlyPaths: [onlyPath] }),
  });
