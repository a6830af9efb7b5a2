import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { MemberId } from '../../src/raft/types.ts';
import { batchOf } from '../contract/transport.ts';
import { openNatsNetwork } from './nats-network.ts';

const SUBSCRIBED = 1;
const HEARD = 2;

test('what was handed over reaches the peer while this thread is blocked, as it is by a disk write', async () => {
  const network = await openNatsNetwork();
  const transport = await network.join('n1');
  const heard = new Int32Array(new SharedArrayBuffer(4));
  const peer = new Worker(new URL('./hearing-process.ts', import.meta.url), {
    workerData: { url: network.server.url, subject: 'xcron.demo.raft.0.n2.n1', heard },
  });
  try {
    assert.notEqual(Atomics.wait(heard, 0, 0, 20_000), 'timed-out');
    assert.equal(heard[0], SUBSCRIBED);
    transport.send('n2/i-n2' as MemberId, batchOf([], ['now']));
    const handedOver = transport.handedOver();
    assert.notEqual(handedOver, null);
    await handedOver;
    // From here to the end of the wait this thread runs nothing: what the socket does not have, it does not get.
    Atomics.wait(heard, 0, SUBSCRIBED, 20_000);
    assert.equal(heard[0], HEARD);
  } finally {
    await peer.terminate();
    await network.close();
  }
});
