import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { NATS_SERVER } from './system-tools.ts';

/** A nats-server as tests, benches and `npm run cluster` start it: on loopback, on a free port unless one is asked for. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything it wrote. */
  output(): string;
  /** Resolves when it has ended. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

export interface NatsServerOptions {
  readonly port?: number;
  /** More of its own flags, such as `-c FILE`; address and port beat what stands there. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const ANY_PORT = -1;
const START_MS_MAX = 10_000;

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const { port = ANY_PORT, flags = [], environment = {} } = options;
  const program = process.env[NATS_SERVER.variable ?? ''] || NATS_SERVER.command;
  // Of a group of its own: Ctrl-C is for whoever started it, who ends it last.
  const child = spawn(program, ['-a', '127.0.0.1', '-p', String(port), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'exit').catch(() => {});
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`${program} does not start (${String(error)}): ${NATS_SERVER.elsewhere}`);
  });
  const found = await Promise.race([
    failed,
    portOf(
      () => output,
      () => child.exitCode !== null,
    ),
  ]).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  failed.catch(() => {});
  return {
    url: `nats://127.0.0.1:${found}`,
    port: found,
    pid: child.pid ?? 0,
    output: () => output,
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}

async function portOf(output: () => string, hasEnded: () => boolean): Promise<number> {
  const untilMs = Date.now() + START_MS_MAX;
  for (;;) {
    const [, port] = /Listening for client connections on \S+?:(\d+)\s/.exec(output()) ?? [];
    if (port !== undefined && output().includes('Server is ready')) return Number(port);
    if (hasEnded() || Date.now() > untilMs) throw new Error(`nats-server does not start:\n${output()}`);
    await new Promise((looked) => setTimeout(looked, 5));
  }
}
