import type { LogStore, LogWrite } from '../store/log-store.ts';

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
