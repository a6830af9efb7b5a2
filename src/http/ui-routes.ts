import type { FastifyInstance } from 'fastify';
import type { UiFiles } from './ui-files.ts';

/** The pages' routes: one for each file, open to whoever reaches the port, as they hold no data. What they ask of the API is admitted there. */
export function serveUi(scope: FastifyInstance, ui: UiFiles, basePath: string, isClosing: () => boolean): void {
  for (const path of ui.paths) {
    scope.get(basePath + path, (request, reply) => {
      const { 'accept-encoding': acceptEncoding, 'if-none-match': ifNoneMatch } = request.headers;
      const asked = { acceptEncoding: String(acceptEncoding ?? ''), ifNoneMatch };
      void ui.answer(path, asked).then(({ status, headers, body }) => {
        const connection = isClosing() ? { connection: 'close' } : {};
        const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(body) };
        reply.hijack();
        reply.raw.writeHead(status, { ...headers, ...length, ...connection }).end(body);
      });
    });
  }
  // As people type it; what the page asks for is relative, and would lead nowhere from there.
  for (const page of ui.paths.filter((path) => path !== '/' && !path.includes('.'))) {
    scope.get(`${basePath}${page}/`, (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(308, { location: `..${page}`, 'content-length': 0 }).end();
    });
  }
  // The pages' own addresses are relative: they start at the slash.
  const last = basePath.split('/').at(-1);
  if (last === undefined || last === '') return;
  scope.get(basePath, (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(308, { location: `${last}/`, 'content-length': 0 }).end();
  });
}
