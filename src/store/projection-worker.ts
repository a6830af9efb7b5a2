import { parentPort, workerData } from 'node:worker_threads';
import { formatHash } from './entity-hash.ts';
import { StorageRefused } from './log-store.ts';
import { createStateCopies } from './projection-copy.ts';
import { openStateFile, readFileState } from './projection-file.ts';
import type { Answer, Ask, ErrorMessage, RequestMessage, RequestName, WorkerMessage } from './projection-protocol.ts';
import { createQueries } from './projection-queries.ts';
import { createSearch } from './projection-search.ts';
import { createWrites } from './projection-writes.ts';

/** Owns state.db: the only thread that opens it. Answers in the order of asking, save for a copy, which takes its time. */

type Handlers = { readonly [Name in RequestName]: (ask: Ask<Name>) => Answer<Name> | Promise<Answer<Name>> };

const port = parentPort;
if (port === null) throw new Error('projection-worker.ts runs as a worker thread');
const say = (message: WorkerMessage): void => port.postMessage(message);

function describe(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: null, remedy: null };
  const { name, message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return { name, message, code, remedy: error instanceof StorageRefused ? error.remedy : null };
}

function serve(path: string): void {
  const database = openStateFile(path);
  const opened = readFileState(database, path);
  const writes = createWrites(database, opened);
  const copies = createStateCopies(database, path);
  let copying: Promise<unknown> = Promise.resolve();
  /** What a copy waits for that was asked for in the middle of a flush. */
  let committed: PromiseWithResolvers<void> | undefined;
  /** After a write that failed, what the disk holds is known only to the next start: nothing more is written. */
  let failed: Error | undefined;

  function write(apply: () => void): void {
    if (failed !== undefined) throw failed;
    try {
      apply();
    } catch (error) {
      failed = error instanceof Error ? error : new Error(String(error));
      committed?.resolve();
      try {
        writes.rollback();
      } catch {
        // A full or failing disk may refuse the rollback too. The transaction ends with the process, and the WAL does not hold it.
      }
      throw failed;
    }
  }

  const handlers: Handlers = {
    ...createQueries(database, path),
    tasks: createSearch(database, path),
    slice(slice) {
      write(() => writes.apply(slice));
      return null;
    },
    commit({ index, meta }) {
      write(() => writes.commit(index, meta));
      committed?.resolve();
      committed = undefined;
      return { hash: formatHash(writes.state.hash), counts: writes.state.counts };
    },
    copy({ file }) {
      const copied = copying.then(async () => {
        while (database.inTransaction && failed === undefined) {
          committed ??= Promise.withResolvers<void>();
          await committed.promise;
        }
        if (failed !== undefined) throw failed;
        const { index } = writes.state;
        await copies.copyTo(file);
        return { index };
      });
      copying = copied.catch(() => undefined);
      return copied;
    },
    async close() {
      copies.abort();
      writes.rollback();
      committed?.resolve();
      await copying;
      database.close();
      copies.close();
      return null;
    },
  };

  const handle = <Name extends RequestName>(name: Name, ask: Ask<RequestName>) => handlers[name](ask as Ask<Name>);
  port?.on('message', ({ id, name, ask }: RequestMessage) => {
    const fail = (error: unknown): void => say({ type: 'error', id, error: describe(error) });
    try {
      const answer = handle(name, ask);
      if (!(answer instanceof Promise)) say({ type: 'answer', id, answer });
      else
        answer
          .then((later) => say({ type: 'answer', id, answer: later }), fail)
          .finally(() => {
            if (name === 'close') port?.close();
          });
    } catch (error) {
      fail(error);
    }
  });
  const { index, meta, hash, counts } = opened;
  say({ type: 'opened', index, meta, hash: formatHash(hash), counts });
}

try {
  serve((workerData as { readonly path: string }).path);
} catch (error) {
  say({ type: 'refused', error: describe(error) });
  port.close();
}
