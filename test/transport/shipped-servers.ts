import { fileURLToPath } from 'node:url';
import { freePort } from '../../ops/scripts/free-port.ts';
import { type NatsServer, startNatsServer } from '../../ops/scripts/nats-server.ts';

/** Three routed servers with the configuration in ops/nats, on this machine: only addresses and ports are the test's own. */
const CONFIGURATION = fileURLToPath(new URL('../../ops/nats/nats-server.conf', import.meta.url));
export const passwordOf = (user: string): string => `password-of-${user}`;

export async function startShippedServers(): Promise<readonly NatsServer[]> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const [a, b, c] = ports.map((port) => `nats://route:${passwordOf('route')}@127.0.0.1:${port}`);
  const environment = {
    NATS_ROUTE_PASSWORD: passwordOf('route'),
    NATS_ROUTE_A: a ?? '',
    NATS_ROUTE_B: b ?? '',
    NATS_ROUTE_C: c ?? '',
    N1_PASSWORD: passwordOf('n1'),
    N2_PASSWORD: passwordOf('n2'),
    N3_PASSWORD: passwordOf('n3'),
    OPERATOR_PASSWORD: passwordOf('operator'),
  };
  return Promise.all(
    ['a', 'b', 'c'].map((name, at) =>
      startNatsServer({
        flags: ['-c', CONFIGURATION, '--cluster', `nats://127.0.0.1:${ports[at]}`],
        environment: { ...environment, NATS_NAME: name },
      }),
    ),
  );
}
