import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../scripts/runtime.mjs';
import { endWithUs, isOver } from './leaving-nothing.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** A node ends when this process is gone without having said so. */
const FOLLOW = fileURLToPath(new URL('../scripts/follow-launcher.cjs', import.meta.url));
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

/** One node of the cluster, through all the processes that it is in the course of a run. */
export interface NodeProcess {
  readonly nodeId: string;
  readonly url: string;
  readonly dataDirectory: string;
  readonly isRunning: boolean;
  readonly pid: number;
  /** Its disk was spoiled just now: it may refuse to start. */
  isDamaged: boolean;
  /** It was, and it goes on with what it has. */
  hasSpoiledLog: boolean;
  start(flags?: readonly string[]): void;
  /** Resolves when it has ended, to how. One that does not run is over already. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Ended>;
  /** How the last process ended by itself, without anybody having told it to. Asking forgets it. */
  takeUnasked(): Ended | null;
  freeze(): void;
  thaw(): void;
}

export interface Ended {
  readonly how: number | string;
  /** Its last words. */
  readonly words: string;
}

export interface NodeProcessOptions {
  readonly nodeId: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Each line of its log, when it comes. */
  readonly said: (nodeId: string, line: string) => void;
}

const LAST_WORDS_MAX = 20;

export function createNodeProcess(options: NodeProcessOptions): NodeProcess {
  const { nodeId, port, dataDirectory, flags } = options;
  mkdirSync(dataDirectory, { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  let child: ChildProcess | null = null;
  let ended: Promise<Ended> = Promise.resolve({ how: 0, words: '' });
  let isAsked = false;
  let unasked: Ended | null = null;
  let isFrozen = false;

  const isRunning = (): boolean => child !== null && child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals): void => {
    if (isRunning()) child?.kill(name);
  };

  return {
    nodeId,
    isDamaged: false,
    hasSpoiledLog: false,
    url: `http://127.0.0.1:${port}`,
    dataDirectory,
    get isRunning() {
      return isRunning();
    },
    get pid() {
      return child?.pid ?? 0;
    },
    start(more = []) {
      if (isRunning()) throw new Error(`${nodeId} runs already`);
      isAsked = false;
      isFrozen = false;
      const own = ['--node-id', nodeId, '--http-port', String(port), '--data-dir', dataDirectory];
      const started = spawn(
        process.execPath,
        [...nodeFlags(['serve']), '--require', FOLLOW, MAIN, 'serve', ...own, ...flags, ...more],
        {
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
          env: {
            PATH: process.env.PATH ?? '',
            NODE_COMPILE_CACHE: COMPILED,
            XCRON_FOLLOW_LAUNCHER: '1',
            ...options.environment,
          },
        },
      );
      child = started;
      const pid = started.pid ?? 0;
      endWithUs(pid);
      const words: string[] = [];
      log.write(`started as process ${pid} at ${new Date().toISOString()}\n`);
      started.stdout?.resume();
      createInterface({ input: started.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        log.write(`${line}\n`);
        words.push(line);
        if (words.length > LAST_WORDS_MAX) words.shift();
        options.said(nodeId, line);
      });
      ended = once(started, 'close').then(([code, name]) => {
        isOver(pid);
        const end: Ended = { how: (code ?? name) as number | string, words: words.join('\n') };
        log.write(`ended: ${end.how} at ${new Date().toISOString()}\n`);
        if (!isAsked) unasked = end;
        return end;
      });
    },
    end(name) {
      isAsked = true;
      // What is stopped hears no SIGTERM.
      if (isFrozen) signal('SIGCONT');
      signal(name);
      return ended;
    },
    takeUnasked() {
      const end = unasked;
      unasked = null;
      return end;
    },
    freeze() {
      isFrozen = true;
      signal('SIGSTOP');
    },
    thaw() {
      isFrozen = false;
      signal('SIGCONT');
    },
  };
}
