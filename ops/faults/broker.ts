import { type NatsServer, startNatsServer } from '../scripts/nats-server.ts';
import { endWithUs, isOver } from './leaving-nothing.ts';

/** A nats-server that dies, stands still and comes back on the same port. */
export interface Broker {
  readonly port: number;
  readonly pid: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  output(): string;
}

async function openBroker(port: number, flags: readonly string[]): Promise<Broker> {
  const before: string[] = [];
  let server: NatsServer | null = null;
  const start = async (): Promise<void> => {
    if (server !== null) return;
    server = await startNatsServer({ port, flags });
    endWithUs(server.pid);
  };
  const signal = (name: NodeJS.Signals): void => {
    if (server !== null) process.kill(server.pid, name);
  };
  await start();
  return {
    port,
    get pid() {
      return server?.pid ?? 0;
    },
    async kill() {
      const ending = server;
      if (ending === null) return;
      server = null;
      before.push(ending.output());
      await ending.kill('SIGKILL');
      isOver(ending.pid);
    },
    start,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    output: () => [...before, server?.output() ?? ''].join('\n'),
  };
}

/** One server for all, or one for each node with routes between them: then no server is a failure of the whole. */
export async function openBrokers(clientPorts: readonly number[], routePorts: readonly number[]): Promise<Broker[]> {
  if (clientPorts.length === 1) return [await openBroker(clientPorts[0] ?? 0, [])];
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`);
  return Promise.all(
    clientPorts.map((port, at) =>
      // Not advertised: a client that learnt of the others would pass by the wire that is cut.
      openBroker(port, [
        '--cluster_name',
        'faults',
        '--cluster',
        routes[at] ?? '',
        '--routes',
        routes.join(','),
        '--no_advertise',
      ]),
    ),
  );
}
