import type { LogStore, LogWrite } from '../store/log-store.ts';
import type { Transport } from '../transport/transport.ts';

/**
 * Writes in the order of the calls; `durable` is called when a write, and so all before it, is on disk. A port of its own, so that a
 * simulator can let the disk take its time. A write that fails throws, or calls `failed`: the node stops (raft.md, case 24).
 */
export type LogWriter = (write: LogWrite, durable: () => void, failed: (error: Error) => void) => void;

/** On the loop: one fsync a turn, durable when the call returns. */
export const writeAtOnce =
  (log: LogStore): LogWriter =>
  (write, durable) => {
    log.persist(write);
    durable();
  };

/**
 * The same, once what the turn has for the peers is on its way: what reaches the socket after a write that blocks the loop is late by
 * an fsync, and peers could have had theirs meanwhile. A turn that sent nothing writes at once.
 */
export function writeAfterSends(log: LogStore, transport: Pick<Transport, 'handedOver'>): LogWriter {
  let waiting = 0;
  return (write, durable, failed) => {
    const handedOver = transport.handedOver();
    // Never before a write that still waits.
    if (handedOver === null && waiting === 0) {
      log.persist(write);
      durable();
      return;
    }
    waiting += 1;
    (handedOver ?? Promise.resolve())
      .then(() => {
        waiting -= 1;
        log.persist(write);
        durable();
      })
      .catch((error: unknown) => failed(error instanceof Error ? error : new Error(String(error))));
  };
}
