import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeAfterSends } from '../../src/node/log-writer.ts';
import type { LogWrite } from '../../src/store/log-store.ts';
import { createMemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';

/** A network whose messages leave when the test says so. */
function network() {
  const leaving: { handedOver: Promise<void> | null; leave(): void } = { handedOver: null, leave() {} };
  return {
    handedOver: () => leaving.handedOver,
    send() {
      const { promise, resolve } = Promise.withResolvers<void>();
      leaving.handedOver = promise;
      leaving.leave = () => {
        leaving.handedOver = null;
        resolve();
      };
    },
    leave: () => leaving.leave(),
  };
}

const entry = (index: number): LogWrite => ({ entries: [{ index, term: 0, kind: 'events', data: `${index}` }] });

function writing() {
  const sends = network();
  const log = openMemoryLogStore(createMemoryLogDisk());
  const write = writeAfterSends(log, sends);
  const durable: number[] = [];
  const failures: Error[] = [];
  return {
    sends,
    log,
    durable,
    failures,
    write: (index: number) =>
      write(
        entry(index),
        () => durable.push(index),
        (error) => failures.push(error),
      ),
  };
}

const microtasks = (): Promise<void> => new Promise((done) => setImmediate(done));

test('a turn that sent nothing writes at once', () => {
  const { write, durable, log } = writing();
  write(1);
  assert.deepEqual([durable, log.lastIndex], [[1], 1]);
});

test('a write waits until the turn’s messages are on their way, and the one after it waits for the first', async () => {
  const { sends, write, durable, log } = writing();
  sends.send();
  write(1);
  await microtasks();
  assert.deepEqual([durable, log.lastIndex], [[], 0]);
  sends.leave();
  // Nothing waits to leave any more; the first write is not made yet.
  write(2);
  assert.equal(log.lastIndex, 0);
  await microtasks();
  assert.deepEqual([durable, log.lastIndex], [[1, 2], 2]);
  write(3);
  assert.equal(log.lastIndex, 3);
});

test('a late write that fails is told, and nothing is durable', async () => {
  const { sends, write, durable, failures } = writing();
  sends.send();
  write(7);
  sends.leave();
  await microtasks();
  assert.deepEqual([durable, failures.length], [[], 1]);
});
