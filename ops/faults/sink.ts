import { createServer } from 'node:http';
import type { Random } from '../../src/sim/random.ts';
import { portOf } from './free-ports.ts';

/** The target of all callbacks. It keeps every request that it gets, and now and then answers as real targets do. */
export interface Sink {
  readonly url: string;
  readonly callbacks: readonly Callback[];
  /** The first time that this was received. */
  firstAtMs(taskId: string, scheduledAtMs: number): number | undefined;
  /** From now on every answer is 200 at once. */
  behave(): void;
  close(): Promise<void>;
}

export interface Callback {
  readonly webhookId: string;
  readonly taskId: string;
  /** The client's own number of the task, from the path. */
  readonly serial: number;
  readonly scheduledAtMs: number;
  readonly attempt: number;
  readonly receivedAtMs: number;
}

export interface Moods {
  readonly random: Random;
  /** Shares of first attempts that are answered 503, not answered at all, and answered late. */
  readonly refused: number;
  readonly hungUp: number;
  readonly slow: number;
}

const SLOW_MS_MAX = 300;

export async function openSink(moods: Moods | null): Promise<Sink> {
  const callbacks: Callback[] = [];
  const first = new Map<string, number>();
  let isBehaved = moods === null;
  const server = createServer((request, response) => {
    const header = (name: string): string => String(request.headers[name] ?? '');
    const callback: Callback = {
      webhookId: header('webhook-id'),
      taskId: header('xcron-task-id'),
      serial: Number(request.url?.slice(1)),
      scheduledAtMs: Date.parse(header('xcron-scheduled-at')),
      attempt: Number(header('xcron-attempt')),
      receivedAtMs: Date.now(),
    };
    callbacks.push(callback);
    const identity = `${callback.taskId}@${callback.scheduledAtMs}`;
    if (!first.has(identity)) first.set(identity, callback.receivedAtMs);
    request.resume();
    const answer = (status: number): void => {
      response.writeHead(status);
      response.end();
    };
    if (isBehaved || moods === null || callback.attempt > 1) return answer(200);
    const mood = moods.random.next();
    if (mood < moods.refused) answer(503);
    else if (mood < moods.refused + moods.hungUp) request.socket.destroy();
    else if (mood < moods.refused + moods.hungUp + moods.slow) {
      setTimeout(() => answer(200), moods.random.between(0, SLOW_MS_MAX));
    } else answer(200);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    callbacks,
    firstAtMs: (taskId, scheduledAtMs) => first.get(`${taskId}@${scheduledAtMs}`),
    behave() {
      isBehaved = true;
    },
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
