import { connect, createServer, type Socket } from 'node:net';
import { portOf } from './free-ports.ts';

/**
 * The wire between a node and its broker. What a cut wire holds back arrives when it is whole again, late and at once, as TCP has it:
 * nothing is taken out of the stream.
 */
export interface TcpProxy {
  readonly port: number;
  /** Holds back what goes that way, of connections that are and that come. */
  cut(way: Way): void;
  /** Everything takes this much longer, each way. */
  slow(delayMs: number): void;
  /** Every connection ends as by a reset. */
  reset(): void;
  heal(): void;
  close(): Promise<void>;
}

export type Way = 'to-broker' | 'from-broker' | 'both';

interface Pipe {
  readonly from: Socket;
  readonly way: 'to-broker' | 'from-broker';
  /** Sends on what was held back. */
  release(): void;
}

export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  let cutWay: Way | null = null;
  let delayMs = 0;
  const pipes = new Set<Pipe>();
  const isCut = (way: Pipe['way']): boolean => cutWay === 'both' || cutWay === way;

  function pipe(from: Socket, to: Socket, way: Pipe['way']): void {
    /** In order: what comes after something that waits, waits as well. */
    const waiting: { readonly dueMs: number; readonly chunk: Buffer }[] = [];
    let timer: NodeJS.Timeout | null = null;
    const drain = (): void => {
      timer = null;
      if (isCut(way)) return;
      const nowMs = performance.now();
      for (let next = waiting[0]; next !== undefined && next.dueMs <= nowMs; next = waiting[0]) {
        waiting.shift();
        to.write(next.chunk);
      }
      if (waiting[0] !== undefined) timer = setTimeout(drain, waiting[0].dueMs - nowMs);
    };
    from.on('data', (chunk: Buffer) => {
      if (delayMs === 0 && waiting.length === 0 && !isCut(way)) to.write(chunk);
      else {
        waiting.push({ dueMs: performance.now() + delayMs, chunk });
        if (timer === null) drain();
      }
    });
    const own: Pipe = { from, way, release: drain };
    pipes.add(own);
    from.on('close', () => {
      pipes.delete(own);
      if (timer !== null) clearTimeout(timer);
      to.destroy();
    });
    from.on('error', () => {});
  }

  const server = createServer((near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1' });
    near.setNoDelay(true);
    far.setNoDelay(true);
    pipe(near, far, 'to-broker');
    pipe(far, near, 'from-broker');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const release = (): void => {
    for (const { release: sendOn } of pipes) sendOn();
  };
  const reset = (): void => {
    for (const { from } of pipes) from.resetAndDestroy();
  };
  return {
    port: portOf(server),
    cut(way) {
      cutWay = way;
    },
    slow(ms) {
      delayMs = ms;
    },
    reset,
    heal() {
      cutWay = null;
      delayMs = 0;
      release();
    },
    close() {
      reset();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
