import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Needs strace: a missing fsync shows in no other way short of a power cut. Installed when it can be; never skipped. */
export function requireStrace(): void {
  if (works()) return;
  if (process.getuid?.() === 0) {
    console.error('strace is missing: installing it with apt-get');
    spawnSync('apt-get', ['update', '-q'], { stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'strace'], { stdio: 'inherit' });
    if (works()) return;
  }
  throw new Error(
    'this test needs strace: run `sudo apt-get install -y strace`, or your system’s equivalent, then run it again',
  );
}

const works = (): boolean => spawnSync('strace', ['-V']).status === 0;

const WRITER = fileURLToPath(new URL('./log-writer-process.ts', import.meta.url));

export interface TracedRun {
  readonly lines: readonly string[];
  /** One system call each, in order, with the paths of its descriptors: `fsync(21</tmp/…/log.db-wal>) = 0`. */
  readonly calls: readonly string[];
}

/** Runs the log writer under strace. `inject` is a fault in strace's words, such as `fsync:error=EIO:when=9+`. */
export function traceWriter(directory: string, persists: number, tracePath: string, inject?: string): TracedRun {
  const run = spawnSync(
    'strace',
    [
      ...['-f', '-y', '-e', 'trace=fsync,fdatasync,write,pwrite64', '-s', '40', '-o', tracePath],
      ...(inject === undefined ? [] : ['-e', `inject=${inject}`]),
      ...[process.execPath, WRITER, directory, String(persists)],
    ],
    { encoding: 'utf8' },
  );
  const calls = readFileSync(tracePath, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\d+\s+/, ''));
  return { lines: run.stdout.split('\n').filter((line) => line !== ''), calls };
}
