import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A node as its users run it: a process of its own, on a port of its own. */
export interface Serving {
  readonly url: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** Everything it wrote, for the message of a failing test. */
  readonly output: () => string;
  /** Resolves when it has ended, with its exit code or signal. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | string>;
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** What the launcher sets as well: without it most of a start is compiling. */
const compiled = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));
const READY_MS_MAX = 30_000;

export async function serve(
  dataDirectory: string,
  options: {
    readonly flags?: readonly string[];
    readonly wrap?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    /** It may wait for others for a long time. */
    readonly until?: 'ready' | 'listening';
  } = {},
): Promise<Serving> {
  const { flags = [], wrap = [], environment = {} } = options;
  const isReady = (): boolean => options.until === 'listening' || printed().includes('"msg":"ready"');
  const command = [...wrap, process.execPath, main, 'serve', '--http-port', '0', '--data-dir', dataDirectory, ...flags];
  const child = spawn(command[0] ?? '', command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compiled, ...environment },
  });
  const { output: printed, ended } = childWithOutput(child);
  const until = Date.now() + READY_MS_MAX;
  const found = (pattern: RegExp) => pattern.exec(printed())?.[1];
  while (found(/listens on (http:\S+)/) === undefined || !isReady()) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the node did not become ready:\n${printed()}`);
    }
    await new Promise((looked) => setTimeout(looked, 5));
  }
  assert.ok(child.pid !== undefined);
  // A wrapper such as strace keeps signals to itself: they go to the node that it started.
  const pid = wrap.length === 0 ? child.pid : childOf(child.pid);
  return {
    url: found(/listens on (http:\S+)/) ?? '',
    pid,
    process: child,
    output: printed,
    kill(signal) {
      if (child.exitCode === null && child.signalCode === null) process.kill(pid, signal);
      return ended;
    },
  };
}

const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);

/** A process with what it printed and how it ended. */
export function childWithOutput(child: ChildProcess): {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | string>;
} {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return { process: child, output: () => output, ended };
}

const LOOK_EVERY_MS = 20;

/**
 * Waits for a condition, not for a time. What is waited for may need this very loop, as a sink in the test's process does: it is left
 * free for at least as long as the look took, so that one which grew slow delays what it looks for, and never holds it up.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string | Promise<string>,
  withinMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const beganMs = performance.now();
    const looked = condition();
    // Of an asynchronous one only what it did before it waited itself.
    const tookMs = performance.now() - beganMs;
    if (await looked) return;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${await what()}`);
    await new Promise((rested) => setTimeout(rested, Math.max(LOOK_EVERY_MS, Math.ceil(tookMs))));
  }
}
