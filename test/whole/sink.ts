import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A target that records every callback it gets, in order. */
export interface Received {
  readonly path: string;
  readonly executionId: string;
  readonly taskId: string;
  readonly scheduledAtMs: number;
  readonly attempt: number;
  readonly receivedAtMs: number;
  readonly body: string;
}

/** What a callback is for: this task at this time. */
export const identityOf = ({ taskId, scheduledAtMs }: Pick<Received, 'taskId' | 'scheduledAtMs'>): string =>
  `${taskId}@${scheduledAtMs}`;

/**
 * It answers on the loop of the test that asks it. So what is asked again and again is kept as callbacks come: gathering it from all
 * that was received, once for each task looked for, took 10 s a look at 13,000 tasks, in which no callback was answered.
 */
export interface Sink {
  readonly url: string;
  readonly received: readonly Received[];
  readonly taskIds: ReadonlySet<string>;
  /** In the order in which they came. */
  readonly byIdentity: ReadonlyMap<string, readonly Received[]>;
  close(): Promise<void>;
}

/** `answer` says status and delay for each callback. */
export async function openSink(
  answer: (received: Received) => { readonly status: number; readonly delayMs: number } = () => ({
    status: 200,
    delayMs: 0,
  }),
): Promise<Sink> {
  const all: Received[] = [];
  const taskIds = new Set<string>();
  const byIdentity = new Map<string, Received[]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const header = (name: string): string => String(request.headers[name] ?? '');
      const received: Received = {
        path: request.url ?? '',
        executionId: header('webhook-id'),
        taskId: header('xcron-task-id'),
        scheduledAtMs: Date.parse(header('xcron-scheduled-at')),
        attempt: Number(header('xcron-attempt')),
        receivedAtMs: Date.now(),
        body: Buffer.concat(chunks).toString(),
      };
      all.push(received);
      taskIds.add(received.taskId);
      const sendings = byIdentity.get(identityOf(received));
      if (sendings === undefined) byIdentity.set(identityOf(received), [received]);
      else sendings.push(received);
      const { status, delayMs } = answer(received);
      const end = (): void => {
        response.writeHead(status);
        response.end();
      };
      if (delayMs === 0) end();
      else setTimeout(end, delayMs);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: all,
    taskIds,
    byIdentity,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
