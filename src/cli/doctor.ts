import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { listenProblem, tryToListen, urlOf } from './listening.ts';
import { configurationOf } from './node-configuration.ts';
import type { NodeFlags } from './node-flags.ts';
import { printable } from './terminal.ts';

interface Finding {
  readonly what: string;
  readonly verdict: 'ok' | 'warning' | 'failed';
  readonly words: string;
  /** Of a failed one. */
  readonly exit: ExitCode;
}

const FSYNC_ROUNDS = 30;
const FSYNC_BYTES = 4_096;
/** Each acknowledged turn waits for one: slower, and the node is slow whatever else it does. */
const FSYNC_MS_GOOD = 20;
const CLOCK_WATCHED_MS = 300;
const CLOCK_DRIFT_MS_MAX = 50;
/** Before this was written: a machine that lost its clock's battery starts in 1970 or 2000. */
const WRITTEN_AT_MS = Date.UTC(2026, 0, 1);
const CENTURY_END_MS = Date.UTC(2100, 0, 1);
const ANSWER_MS_MAX = 1_000;

const finding = (what: string, verdict: Finding['verdict'], words: string, exit: ExitCode = EXIT.done): Finding => ({
  what,
  verdict,
  words,
  exit,
});

/** Each check is made, not assumed: a file is written, the port is opened, the clock is watched. */
export async function doctor(flags: NodeFlags, { terminal, environment }: Asked): Promise<ExitCode> {
  const configuration = configurationOf(flags, environment, terminal);
  if (configuration === null) return EXIT.usage;
  const { dataDir, httpHost, httpPort, httpBasePath } = configuration.values;
  const findings = [
    finding('Node', 'ok', `${process.versions.node} on ${process.platform} ${process.arch}`),
    checkDirectory(dataDir),
    await checkClock(),
    await checkPort(httpHost, httpPort, httpBasePath),
  ];
  for (const { what, verdict, words } of findings) {
    terminal.out(`${verdict.padEnd(7)}  ${what.padEnd(14)}  ${printable(words)}`);
  }
  return findings.reduce<ExitCode>((worst, { exit }) => (exit > worst ? exit : worst), EXIT.done);
}

function checkDirectory(dataDir: string): Finding {
  const wanted = resolve(dataDir);
  const directory = nearestExisting(wanted);
  const what = 'data directory';
  const failed = (words: string): Finding => finding(what, 'failed', words, EXIT.storage);
  if (!statSync(directory).isDirectory()) return failed(`${directory} is a file; --data-dir must name a directory`);
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const medianMs = medianFsyncMs(directory);
    const speed = `${medianMs.toFixed(2)} ms for a write with fsync (median of ${FSYNC_ROUNDS})`;
    const where = directory === wanted ? wanted : `${wanted} (will be made in ${directory})`;
    if (medianMs <= FSYNC_MS_GOOD) return finding(what, 'ok', `${where}, ${speed}`);
    return finding(what, 'warning', `${where}, ${speed}: slow; every acknowledged write waits for one`);
  } catch (error) {
    return failed(`${directory} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

function medianFsyncMs(directory: string): number {
  const file = join(directory, `.xcron-doctor-${process.pid}`);
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    const block = Buffer.alloc(FSYNC_BYTES, 'x');
    const tookMs: number[] = [];
    for (let round = 0; round < FSYNC_ROUNDS; round += 1) {
      const began = performance.now();
      writeSync(descriptor, block, 0, FSYNC_BYTES, round * FSYNC_BYTES);
      fdatasyncSync(descriptor);
      tookMs.push(performance.now() - began);
    }
    tookMs.sort((one, other) => one - other);
    return tookMs[Math.floor(FSYNC_ROUNDS / 2)] ?? 0;
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}

async function checkClock(): Promise<Finding> {
  const wallMs = Date.now();
  const steadyMs = performance.now();
  await delay(CLOCK_WATCHED_MS);
  const driftMs = Date.now() - wallMs - (performance.now() - steadyMs);
  const now = new Date(wallMs).toISOString();
  if (wallMs < WRITTEN_AT_MS || wallMs > CENTURY_END_MS) {
    return finding('clock', 'failed', `it says ${now}; set it, and keep it right with NTP`, EXIT.usage);
  }
  if (Math.abs(driftMs) > CLOCK_DRIFT_MS_MAX) {
    return finding(
      'clock',
      'warning',
      `it jumped by ${Math.round(driftMs)} ms while it was watched; keep it right with NTP`,
    );
  }
  return finding('clock', 'ok', `${now}, tz data ${process.versions.tz ?? 'unknown'}`);
}

async function checkPort(host: string, port: number, basePath: string): Promise<Finding> {
  const error = await tryToListen(host, port);
  const where = urlOf(host, port);
  if (error === null) return finding('port', 'ok', port === 0 ? `any free one on ${host}` : `${where} is free`);
  if (error.code === 'EADDRINUSE' && (await isNode(`${where}${basePath}`))) {
    return finding('port', 'warning', `an xcron node answers at ${where} already`);
  }
  return finding('port', 'failed', listenProblem(error, host, port), EXIT.usage);
}

/** Open to all, so that no token is needed to ask. */
async function isNode(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(ANSWER_MS_MAX), redirect: 'manual' });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
