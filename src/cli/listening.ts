import { createServer, isIPv6 } from 'node:net';

export const urlOf = (host: string, port: number): string => `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** What stands against listening there; null when nothing does. Nobody is answered. */
export async function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  const server = createServer((socket) => socket.destroy());
  const error = await new Promise<NodeJS.ErrnoException | null>((done) => {
    server.once('error', done);
    server.listen(port, host, () => done(null));
  });
  if (error === null) await new Promise((closed) => server.close(closed));
  return error;
}

/** Why nothing listens there, and what to do. */
export function listenProblem(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is in use by another process; end that one, or take another port`;
    case 'EACCES':
      return `${where} may not be opened by this user; take a port above 1023`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} cannot be resolved to an address`;
    default:
      return `${where} cannot be opened: ${error.message}`;
  }
}
