import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { AnswerStream, StreamedAnswer } from './operation.ts';

/** Answers without an end, as node:http carries them. An orderly close waits for requests in hand: these are ended for it. */
export interface OpenStreams {
  open(reply: FastifyReply, answer: StreamedAnswer): void;
  endAll(): void;
}

export function createOpenStreams(): OpenStreams {
  const open = new Set<ServerResponse>();
  return {
    open(reply, { status, contentType, headers, stream }) {
      reply.hijack();
      const { raw, request } = reply as FastifyReply & { readonly request: { readonly method: string } };
      // Nothing else comes over this connection: where it is to end is said by its end.
      raw.writeHead(status, { 'content-type': contentType, connection: 'close', ...headers });
      raw.flushHeaders();
      stream(streamTo(raw));
      if (request.method === 'HEAD') raw.end();
      if (raw.writableEnded) return;
      open.add(raw);
      raw.once('close', () => open.delete(raw));
    },
    endAll() {
      for (const raw of open) raw.end();
    },
  };
}

const streamTo = (raw: ServerResponse): AnswerStream => ({
  // Told to end, it may still be told something before it is closed.
  write: (text) => raw.writableEnded || raw.destroyed || raw.write(text),
  end: () => void raw.end(),
  cutOff: () => void raw.destroy(),
  onDrained: (run) => void raw.on('drain', run),
  // Whoever asked may have gone before there was an answer.
  onClosed: (run) => void (raw.destroyed ? run() : raw.once('close', run)),
});
