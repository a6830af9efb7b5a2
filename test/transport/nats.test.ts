import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type NatsServer, startNatsServer } from '../../ops/scripts/nats-server.ts';
import type { MemberId } from '../../src/raft/types.ts';
import { UNREAD_BYTES_MAX } from '../../src/transport/limits.ts';
import { batchOf, listening, transportContract } from '../contract/transport.ts';
import { until } from '../whole/serving.ts';
import { connected, openNatsNetwork } from './nats-network.ts';

const [N1, N2] = ['n1/i-n1' as MemberId, 'n2/i-n2' as MemberId];

let server: NatsServer;
before(async () => {
  server = await startNatsServer();
});
after(() => server.kill('SIGTERM'));

transportContract('NATS', async () => {
  const network = await openNatsNetwork(server);
  return {
    join: (nodeId, instance) => network.join(nodeId, { instance }),
    async close() {
      await network.close();
      assert.deepEqual(
        network.events.filter((event) => !event.endsWith(' connected')),
        [],
      );
    },
  };
});

transportContract('NATS, signed', async () => {
  const network = await openNatsNetwork(server);
  return {
    join: (nodeId, instance) => network.join(nodeId, { instance, secret: 'of sixteen or more' }),
    close: network.close,
  };
});

describe('a broker that dies', () => {
  test('peers are told lost, nothing is sent meanwhile, and all goes on when it is back', async () => {
    const mortal = await startNatsServer();
    const network = await openNatsNetwork(mortal);
    const [first, second] = [await network.join('n1'), await network.join('n2')];
    const [n1, n2] = [listening(first, N1), listening(second, N2)];
    let again: NatsServer | null = null;
    try {
      first.send(N2, batchOf([], ['before']));
      await until(
        () => n2.batches.length === 1,
        () => 'nothing arrived',
      );
      await mortal.kill('SIGKILL');
      await until(
        () => first.trouble() !== null && second.trouble() !== null,
        () => 'the loss was not noticed',
      );
      assert.deepEqual(n1.unreachable, [N2]);
      assert.match(first.trouble() ?? '', /^no NATS server among nats:.* \(the connection broke\)$/);
      first.send(N2, batchOf([], ['meanwhile']));
      assert.deepEqual(n1.unreachable, [N2, N2]);
      assert.equal(first.counts().lost.disconnected, 1);

      again = await startNatsServer({ port: mortal.port });
      await Promise.all([connected(first), connected(second)]);
      first.send(N2, batchOf([], ['after']));
      await until(
        () => n2.batches.length === 2,
        () => 'nothing arrived any more',
      );
      assert.deepEqual(
        n2.batches.map(({ batch }) => batch.notes),
        [['before'], ['after']],
      );
      assert.equal(first.counts().reconnects, 1);
    } finally {
      await network.close();
      await again?.kill('SIGKILL');
    }
  });

  test('a node that starts before its broker finds it when it comes', async () => {
    const mortal = await startNatsServer();
    await mortal.kill('SIGKILL');
    const network = await openNatsNetwork(mortal);
    const joining = network.join('n1');
    await until(
      () => network.events.includes('n1 disconnected: CONNECTION_REFUSED'),
      () => network.events.join(),
    );
    const again = await startNatsServer({ port: mortal.port });
    try {
      await joining;
      assert.deepEqual(network.events, ['n1 disconnected: CONNECTION_REFUSED', 'n1 connected']);
    } finally {
      await network.close();
      await again.kill('SIGKILL');
    }
  });
});

describe('what cannot leave', () => {
  test('a frame that the server would not take is lost, said so, and counted; the next one leaves', async () => {
    const network = await openNatsNetwork(server);
    const [first, second] = [await network.join('n1'), await network.join('n2')];
    const [n1, n2] = [listening(first, N1), listening(second, N2)];
    try {
      first.send(N2, batchOf([], ['x'.repeat(1_024 * 1_024)]));
      assert.deepEqual([n1.unreachable, first.counts().lost['too-large']], [[N2], 1]);
      first.send(N2, batchOf([], ['small']));
      await until(
        () => n2.batches.length === 1,
        () => 'nothing arrived',
      );
    } finally {
      await network.close();
    }
  });

  test('a server that does not read fills no memory: beyond a bound, peers are told lost, until it reads again', async () => {
    const hung = await startNatsServer();
    const network = await openNatsNetwork(hung);
    const [first, second] = [await network.join('n1'), await network.join('n2')];
    const [n1, n2] = [listening(first, N1), listening(second, N2)];
    const large = batchOf([], ['x'.repeat(512 * 1_024)]);
    try {
      process.kill(hung.pid, 'SIGSTOP');
      let sent = 0;
      while (n1.unreachable.length === 0) {
        first.send(N2, large);
        sent += 1;
        assert.ok(sent < 100, 'nothing was held back');
      }
      assert.deepEqual([n1.unreachable, first.counts().lost.unread], [[N2], 1]);
      assert.ok((sent - 1) * 512 * 1_024 <= UNREAD_BYTES_MAX);
      process.kill(hung.pid, 'SIGCONT');
      await until(
        () => n2.batches.length === sent - 1,
        () => `${n2.batches.length} of ${sent - 1} arrived`,
      );
      first.send(N2, large);
      await until(
        () => n2.batches.length === sent,
        () => 'nothing leaves any more',
      );
    } finally {
      await network.close();
      await hung.kill('SIGKILL');
    }
  });
});

test('a bug in whoever takes a message is told, not swallowed with all that follows', async () => {
  const network = await openNatsNetwork(server);
  const [first, second] = [await network.join('n1'), await network.join('n2')];
  const heard: unknown[] = [];
  second.listen({
    received: (_from, { notes }) => {
      heard.push(notes[0]);
      if (notes[0] === 'bad') throw new Error('a broken invariant');
    },
    unreachable() {},
    hailed() {},
  });
  try {
    for (const note of ['bad', 'good']) first.send(N2, batchOf([], [note]));
    await until(
      () => heard.length === 2,
      () => network.events.join(),
    );
    assert.ok(network.events.includes('n2 failed: a broken invariant'));
  } finally {
    await network.close();
  }
});
