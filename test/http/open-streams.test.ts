import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { FastifyReply } from 'fastify';
import { createOpenStreams } from '../../src/http/open-streams.ts';

const ANSWER = { status: 200, contentType: 'text/plain', headers: {}, stream: () => {} };

/** An answer that counts how often it is ended. */
function reply(destroyed = false) {
  const raw = Object.assign(new EventEmitter(), {
    destroyed,
    writableEnded: false,
    ends: 0,
    writeHead() {},
    flushHeaders() {},
    end() {
      raw.ends += 1;
      raw.writableEnded = true;
    },
  });
  return { raw, reply: { hijack() {}, raw, request: { method: 'GET' } } as unknown as FastifyReply };
}

test('a stream is ended with all others, or at once where they were ended before it was opened', () => {
  const streams = createOpenStreams();
  const [first, late] = [reply(), reply()];
  streams.open(first.reply, ANSWER);
  assert.equal(first.raw.ends, 0);
  streams.endAll();
  assert.equal(first.raw.ends, 1);
  streams.open(late.reply, ANSWER);
  assert.equal(late.raw.ends, 1);
});

test('one whose client went before it was opened is not kept', () => {
  const streams = createOpenStreams();
  const { raw, reply: gone } = reply(true);
  streams.open(gone, ANSWER);
  streams.endAll();
  assert.equal(raw.ends, 0);
});
