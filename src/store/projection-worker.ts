import { parentPort, workerData } from 'node:worker_threads';
import { formatHash } from './entity-hash.ts';
import { StorageFailed, StorageRefused } from './log-store.ts';
import { createMissedQuery } from './missed-index.ts';
import { createStateCopies } from './projection-copy.ts';
import { openStateFile, openStateFileToRead, readFileState } from './projection-file.ts';
import type {
  Answer,
  Ask,
  ErrorMessage,
  OpenedState,
  RequestMessage,
  RequestName,
  WorkerMessage,
} from './projection-protocol.ts';
import { createQueries } from './projection-queries.ts';
import { createSearch } from './projection-search.ts';
import { createWrites } from './projection-writes.ts';
import { makeReadyForState, putStateInPlace } from './state-replacement.ts';

/** Owns state.db: the only thread that opens it. Answers in the order of asking, save for a copy, which takes its time. */

type Handlers<Name extends RequestName = RequestName> = {
  readonly [One in Name]: (ask: Ask<One>) => Answer<One> | Promise<Answer<One>>;
};

/** All that can be asked of one file. */
interface StateFile {
  readonly opened: OpenedState;
  readonly handlers: Handlers<Exclude<RequestName, 'replace'>>;
}

const port = parentPort;
if (port === null) throw new Error('projection-worker.ts runs as a worker thread');
const say = (message: WorkerMessage): void => port.postMessage(message);

function describe(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: null, remedy: null };
  const { name, message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return { name, message, code, remedy: error instanceof StorageRefused ? error.remedy : null };
}

function openState(path: string): StateFile {
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

  const handlers: StateFile['handlers'] = {
    ...createQueries(database, path),
    tasks: createSearch(database, path),
    'newest-missed': createMissedQuery(database),
    slice(slice) {
      write(() => writes.apply(slice));
      return null;
    },
    commit(end) {
      write(() => writes.commit(end));
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
      if (!database.open) return null;
      copies.abort();
      writes.rollback();
      committed?.resolve();
      await copying;
      database.close();
      copies.close();
      return null;
    },
  };
  return { opened: { ...opened, hash: formatHash(opened.hash) }, handlers };
}

const answerFrom = <Name extends keyof StateFile['handlers']>(
  handlers: StateFile['handlers'],
  name: Name,
  ask: Ask<RequestName>,
) => handlers[name](ask as Ask<Name>);

function serve(path: string): void {
  let current = openState(path);

  async function replace({ file }: Ask<'replace'>): Promise<OpenedState> {
    openStateFileToRead(file).close();
    makeReadyForState(file);
    await current.handlers.close(null);
    try {
      putStateInPlace(file, path);
      current = openState(path);
      return current.opened;
    } catch (error) {
      // Not a refusal any more: the old file is closed, or gone.
      throw new StorageFailed('replace the state', error);
    }
  }

  const handle = (name: RequestName, ask: Ask<RequestName>): unknown =>
    name === 'replace' ? replace(ask as Ask<'replace'>) : answerFrom(current.handlers, name, ask);
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
  say({ type: 'opened', ...current.opened });
}

try {
  serve((workerData as { readonly path: string }).path);
} catch (error) {
  say({ type: 'refused', error: describe(error) });
  port.close();
}
