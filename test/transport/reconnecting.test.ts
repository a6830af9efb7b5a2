import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Events } from 'nats';
import { startNatsServer } from '../../ops/scripts/nats-server.ts';
import { RECONNECT_JITTER_MS, RECONNECT_WAIT_MS } from '../../src/transport/limits.ts';
import { connectionOptions } from '../../src/transport/nats-access.ts';
import { reconnectDelay } from '../../src/transport/reconnecting.ts';
import { until } from '../whole/serving.ts';

const EIGHT_MINUTES_MS = 480_000;

test('a clock that is set back while no server is there keeps a node from it no longer than the server is away', async (scene) => {
  const server = await startNatsServer();
  const connection = await connect(
    connectionOptions({ servers: [server.url], credential: { kind: 'none' }, tls: null }, 'test'),
  );
  const seen: string[] = [];
  void (async () => {
    for await (const { type } of connection.status()) seen.push(type);
  })();
  await server.kill('SIGKILL');
  await until(
    () => seen.includes(Events.Disconnect),
    () => 'it does not notice',
  );
  const trueNow = Date.now;
  scene.mock.method(Date, 'now', () => trueNow() - EIGHT_MINUTES_MS);
  const again = await startNatsServer({ port: server.port });
  try {
    await until(
      () => seen.includes(Events.Reconnect),
      () => seen.join(),
    );
  } finally {
    await connection.close();
    await again.kill('SIGTERM');
  }
});

test('what went back is made up for once for each server, and then it waits as ever', () => {
  let wallMs = 1_000_000;
  let monotonicMs = 0;
  const pass = (ms: number): void => {
    wallMs += ms;
    monotonicMs += ms;
  };
  const delay = reconnectDelay(2, { nowMs: () => wallMs, monotonicMs: () => monotonicMs }, () => 1);
  const asEver = RECONNECT_WAIT_MS + RECONNECT_JITTER_MS;
  assert.equal(delay(), asEver);
  pass(50);
  wallMs -= 60_000;
  assert.equal(delay(), -60_000);
  wallMs -= 1_000;
  assert.equal(delay(), -61_000, 'one of the two was not dialed since the first time');
  assert.equal(delay(), -61_000);
  assert.equal(delay(), asEver);
  wallMs += 3_600_000;
  assert.equal(delay(), asEver, 'forward');
  wallMs -= RECONNECT_WAIT_MS;
  assert.equal(delay(), asEver, 'what an adjusted clock loses');
});
