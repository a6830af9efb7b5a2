import { createConnection, type Socket } from 'node:net';

/**
 * A keep-alive HTTP load on raw sockets, in a process of its own: `node ops/bench/load.ts '{"port":…,"connections":64,"seconds":5,…}'`.
 * Prints one JSON line. Raw, because a client library would cost more of the second core than the server under test.
 */
export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly path: string;
  readonly body: string;
  /** A connection for each request. */
  readonly closing?: boolean;
  /** What a good answer contains. */
  readonly expect: string;
}

export interface LoadResult {
  /** Those that were measured, and all that were answered, the warm-up's included. */
  readonly requests: number;
  readonly answered: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load;
const request = Buffer.from(
  `POST ${load.path} HTTP/1.1\r\nhost: 127.0.0.1:${load.port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(load.body)}\r\n${load.closing === true ? 'connection: close\r\n' : ''}\r\n${load.body}`,
);
const WARM_MS = 1_000;
const latenciesMs: number[] = [];
let errors = 0;
let answered = 0;
const measureFrom = performance.now() + WARM_MS;
const until = measureFrom + load.seconds * 1_000;

function connect(): Promise<void> {
  return new Promise((done, fail) => {
    const socket: Socket = createConnection({ port: load.port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let received = '';
    const send = (): void => {
      sentAt = performance.now();
      received = '';
      socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', fail);
    socket.on('data', (chunk: string) => {
      received += chunk;
      const head = received.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      const now = performance.now();
      answered += 1;
      if (!received.includes(load.expect)) errors += 1;
      if (sentAt >= measureFrom) latenciesMs.push(now - sentAt);
      if (now >= until) {
        socket.destroy();
        done();
      } else if (load.closing === true) {
        socket.destroy();
        connect().then(done, fail);
      } else send();
    });
  });
}

await Promise.all(Array.from({ length: load.connections }, connect));
latenciesMs.sort((a, b) => a - b);
const at = (share: number): number =>
  latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0;
const result: LoadResult = {
  requests: latenciesMs.length,
  answered,
  errors,
  perSecond: Math.round(latenciesMs.length / load.seconds),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  maxMs: latenciesMs.at(-1) ?? 0,
};
console.log(JSON.stringify(result));
