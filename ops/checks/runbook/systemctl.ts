/**
 * systemctl as far as the runbook needs it, on a machine made up in one folder: it starts what the installed unit says, with the
 * environment that the unit and its file say. XCRON_MACHINE is that folder; the unit's paths begin there.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const machine = process.env.XCRON_MACHINE ?? '';
const path = (absolute: string): string => join(machine, absolute);
const PID_FILE = path('/run/xcron.pid');
const LOOK_EVERY_MS = 20;

const [verb = '', ...rest] = process.argv.slice(2);
const unitText = (): string => readFileSync(path('/etc/systemd/system/xcron.service'), 'utf8');
const said = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unitText())?.[1] ?? '';

switch (verb) {
  case 'daemon-reload':
  case 'reset-failed':
    unitText();
    break;
  case 'enable':
    if (rest.includes('--now')) start();
    break;
  case 'start':
    start();
    break;
  case 'restart':
    await stop();
    start();
    break;
  case 'stop':
    await stop();
    break;
  default:
    throw new Error(`the runbook's systemctl knows no ${verb}`);
}

function start(): void {
  if (running() !== null) return;
  for (const folder of [
    `/var/lib/${said('StateDirectory')}`,
    `/var/cache/${said('CacheDirectory')}`,
    '/run',
    '/var/log',
  ]) {
    mkdirSync(path(folder), { recursive: true });
  }
  const [command = '', ...args] = said('ExecStart').split(' ');
  const journal = openSync(path('/var/log/xcron.journal'), 'a');
  const child = spawn(
    command,
    args.map((argument) => (argument.startsWith('/') ? path(argument) : argument)),
    {
      // The port that is free on the machine round this one.
      env: { PATH: process.env.PATH, ...environment(), XCRON_HTTP_PORT: process.env.XCRON_HTTP_PORT },
      cwd: machine,
      detached: true,
      stdio: ['ignore', journal, journal],
    },
  );
  writeFileSync(PID_FILE, String(child.pid));
  child.unref();
}

function environment(): Record<string, string> {
  const inUnit = said('Environment').replaceAll('%S', path('/var/lib')).replaceAll('%C', path('/var/cache')).split(' ');
  const inFile = readFileSync(path('/etc/xcron/xcron.env'), 'utf8').split('\n');
  const lines = [...inUnit, ...inFile].filter((line) => /^[A-Z]/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** The process that was started, while it runs. */
function running(): number | null {
  if (!existsSync(PID_FILE)) return null;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  if (isAlive(pid)) return pid;
  rmSync(PID_FILE);
  return null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // In a container nobody may reap it: then it is there for ever, without a command line.
    return !existsSync('/proc/self/cmdline') || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

async function stop(): Promise<void> {
  const pid = running();
  if (pid === null) return;
  process.kill(pid, 'SIGTERM');
  const untilMs = Date.now() + Number(said('TimeoutStopSec')) * 1_000;
  while (running() !== null) {
    if (Date.now() > untilMs) throw new Error('the node did not stop in time');
    await delay(LOOK_EVERY_MS);
  }
}
