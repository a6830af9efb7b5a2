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
  let areEnded = false;
  return {
    open(reply, { status, contentType, headers, stream }) {
      reply.hijack();
      const { raw, request } = reply as FastifyReply & { readonly request: { readonly method: string } };
      // Nothing else comes over this connection: where it is to end is said by its end.
      raw.writeHead(status, { 'content-type': contentType, connection: 'close', ...headers });
      raw.flushHeaders();
      stream(streamTo(raw));
      // What waited for its turn, or for an answer, may come after the others were ended, or after its client has gone.
      if (request.method === 'HEAD' || areEnded) raw.end();
      if (raw.writableEnded || raw.destroyed) return;
      open.add(raw);
      raw.once('close', () => open.delete(raw));
    },
    endAll() {
      areEnded = true;
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
