import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeFlags } from '../scripts/runtime.mjs';
import type { Load, LoadResult } from './load.ts';
import { hasWrk, loadByWrk } from './wrk.ts';

/** Processes that the benches start and what they read of them. */

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface Running {
  readonly port: number;
  readonly pid: number;
  /** From start to the first answer that it is ready. */
  readonly readyMs: number;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

async function running(child: ChildProcess, portOf: (output: string) => number | null): Promise<Running> {
  const began = performance.now();
  let output = '';
  const ended = once(child, 'exit');
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let port = portOf(output);
  while (port === null) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${output}`);
    await new Promise((looked) => setTimeout(looked, 2));
    port = portOf(output);
  }
  return {
    port,
    pid: child.pid ?? 0,
    readyMs: performance.now() - began,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

export function startBareSketch(http: 'node:http' | 'fastify'): Promise<Running> {
  const child = spawn(process.execPath, [file('bare-sketch.ts'), http], { stdio: ['ignore', 'pipe', 'inherit'] });
  return running(child, (output) => (output.includes('\n') ? (JSON.parse(output) as { port: number }).port : null));
}

/** As `npm start` does: through the launcher. */
export function startNode(dataDirectory: string, more: readonly string[] = []): Promise<Running> {
  const flags = ['serve', '--http-port', '0', '--data-dir', dataDirectory, ...more];
  // With the flags, the launcher runs the node in its own process: a signal meets the node itself.
  const child = spawn(process.execPath, [...nodeFlags(['serve']), file('../../src/cli/xcron.mjs'), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return running(child, (output) => {
    const port = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    return port !== undefined && output.includes('"msg":"ready"') ? Number(port) : null;
  });
}

export const CREATE = {
  path: '/xcron/createTask',
  body: JSON.stringify({
    type: 1,
    format: '0 0 1 1 *',
    callback: { url: 'http://127.0.0.1:9/run', body: { report: 'daily', n: 1 } },
  }),
  expect: '"code":0',
};

export async function load(
  port: number,
  connections: number,
  seconds: number,
  request: Pick<Load, 'path' | 'body' | 'expect' | 'closing'> = CREATE,
): Promise<LoadResult> {
  const what: Load = { port, connections, seconds, ...request };
  if (await hasWrk()) return loadByWrk(what);
  const { stdout } = await promisify(execFile)(process.execPath, [file('load.ts'), JSON.stringify(what)]);
  return JSON.parse(stdout) as LoadResult;
}

export const rssMb = async (port: number): Promise<number> =>
  (await metric(port, 'process_resident_memory_bytes')) / 2 ** 20;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

export async function metric(port: number, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1] ?? Number.NaN);
}
