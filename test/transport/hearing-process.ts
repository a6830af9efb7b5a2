import { workerData } from 'node:worker_threads';
import { connect } from 'nats';

/** A thread of its own: hears while the test's thread is blocked, as a peer does while a disk write blocks a leader. */
const { url, subject, heard } = workerData as { url: string; subject: string; heard: Int32Array };
const SUBSCRIBED = 1;
const HEARD = 2;

function tell(what: number): void {
  Atomics.store(heard, 0, what);
  Atomics.notify(heard, 0);
}

const connection = await connect({ servers: url });
connection.subscribe(subject, { callback: () => tell(HEARD) });
await connection.flush();
tell(SUBSCRIBED);
