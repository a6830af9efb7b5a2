import { Worker } from 'node:worker_threads';
import type { StorageRefused as Refused } from './log-store.ts';
import { StorageFailed, StorageRefused } from './log-store.ts';
import { WORKER_YOUNG_GENERATION_MIB } from './projection-bounds.ts';
import type { Answer, Ask, ErrorMessage, RequestName, WorkerMessage } from './projection-protocol.ts';

/** The main thread's end of the channel to the worker that owns state.db. */
export interface ProjectionLink {
  readonly opened: WorkerMessage & { readonly type: 'opened' };
  /**
   * `take` runs inside the message's own event, before any later message is looked at. What it does with the layers in memory
   * is therefore in step with the worker.
   */
  ask<Name extends RequestName, T>(name: Name, ask: Ask<Name>, take: (answer: Answer<Name>) => T): Promise<T>;
  /** Ends the worker; resolves when the thread is gone. */
  close(): Promise<void>;
}

interface Waiting {
  readonly name: RequestName;
  take(answer: never): void;
  refuse(error: Error): void;
}

/** Type stripping runs the source; a compiled package has `.js` beside this file. */
const WORKER_URL = new URL(`./projection-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** `lost` is called when the thread ends without having been asked to. */
export async function openProjectionLink(path: string, lost: (error: Error) => void): Promise<ProjectionLink> {
  const worker = new Worker(WORKER_URL, {
    workerData: { path },
    name: 'projection',
    resourceLimits: { maxYoungGenerationSizeMb: WORKER_YOUNG_GENERATION_MIB },
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ending = false;
  let gone: Error | undefined;

  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const end = (error: Error): void => {
    if (gone !== undefined) return;
    gone = error;
    for (const { refuse } of waiting.values()) refuse(error);
    waiting.clear();
    if (!ending) lost(error);
  };

  const opened = await new Promise<ProjectionLink['opened']>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      switch (message.type) {
        case 'opened':
          return resolve(message);
        case 'refused':
          ending = true;
          return reject(revive('open the projection', message.error));
        case 'answer':
        case 'error': {
          const entry = waiting.get(message.id);
          waiting.delete(message.id);
          if (entry === undefined) return;
          if (message.type === 'answer') entry.take(message.answer as never);
          else entry.refuse(revive(entry.name, message.error));
        }
      }
    });
    worker.once('error', (error) => {
      const failure = new StorageFailed('the projection worker', error);
      reject(failure);
      end(failure);
    });
    worker.once('exit', (code) => {
      const failure = new StorageFailed('the projection worker', new Error(`it ended with code ${code}`));
      reject(failure);
      end(failure);
    });
  });

  const link: ProjectionLink = {
    opened,
    ask: (name, ask, take) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone);
        lastId += 1;
        waiting.set(lastId, {
          name,
          take(answer) {
            try {
              resolve(take(answer));
            } catch (error) {
              reject(error);
            }
          },
          refuse: reject,
        });
        worker.postMessage({ id: lastId, name, ask });
      }),
    async close() {
      if (gone === undefined) {
        const closed = link.ask('close', null, () => undefined);
        ending = true;
        await closed;
      }
      await exited;
    },
  };
  return link;
}

/** Errors cross the channel as plain data, so that their kind survives. */
function revive(operation: string, { name, message, code, remedy }: ErrorMessage): Error {
  if (remedy !== null) return new StorageRefused((code ?? 'io') as Refused['code'], message, remedy);
  return new StorageFailed(`${operation} (projection)`, Object.assign(new Error(message), { name, code }));
}
