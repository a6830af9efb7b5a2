import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Real servers on loopback for a test, closed when it ends. */
export interface Target {
  readonly url: string;
  readonly port: number;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function listen(t: TestContext, server: Server): Promise<Target> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/hook` };
}

/** An HTTP server that records what it gets. */
export async function httpTarget(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void = (_request, response) =>
    response.end(),
): Promise<Target & { readonly received: ReceivedRequest[]; readonly sockets: () => number }> {
  const received: ReceivedRequest[] = [];
  let sockets = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      received.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer(request, response, body);
    });
    request.on('error', () => {});
  });
  server.on('connection', () => {
    sockets += 1;
  });
  return { ...(await listen(t, server)), received, sockets: () => sockets };
}

/** A server that speaks bytes: for targets that break HTTP. `connections` counts what was ever accepted. */
export async function rawTarget(
  t: TestContext,
  onConnection: (socket: Socket, nth: number) => void,
): Promise<Target & { readonly bytes: () => string; readonly connections: () => number }> {
  let bytes = '';
  let connections = 0;
  const server = createRawServer((socket) => {
    connections += 1;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1');
    });
    onConnection(socket, connections);
  });
  return { ...(await listen(t, server)), bytes: () => bytes, connections: () => connections };
}
