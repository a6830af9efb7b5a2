import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EXCERPT_BYTES_MAX, excerptReader } from '../../src/dispatch/response-excerpt.ts';

function excerpt(body: Uint8Array, complete = true, chunkBytes = 7): string | null {
  const reader = excerptReader();
  for (let at = 0; at < body.length; at += chunkBytes) reader.take(body.subarray(at, at + chunkBytes));
  return reader.text(complete);
}

test('no body, no excerpt; a short one whole', () => {
  assert.equal(excerpt(Buffer.from('')), null);
  assert.equal(excerpt(Buffer.from('{"error":"né"}\u0000\u001b')), '{"error":"né"}\u0000\u001b');
});

test('a character across the bound is dropped whole', () => {
  const body = Buffer.from(`${'x'.repeat(EXCERPT_BYTES_MAX - 1)}é and more`);
  assert.equal(excerpt(body), 'x'.repeat(EXCERPT_BYTES_MAX - 1));
  assert.equal(excerpt(Buffer.from('abc😀').subarray(0, 5), false), 'abc');
});

test('invalid bytes are replaced, and the result stays within the bound', () => {
  assert.equal(excerpt(Buffer.from([0x61, 0xff, 0x62])), 'a\ufffdb');
  assert.equal(excerpt(Buffer.from('abcé').subarray(0, 4)), 'abc\ufffd');
  const text = excerpt(Buffer.alloc(5_000, 0xff)) ?? '';
  assert.ok(Buffer.byteLength(text) <= EXCERPT_BYTES_MAX);
});

test('any bytes in any chunks: bounded, a prefix of the whole, and writable as JSON', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.integer({ min: 1, max: 1_500 }), (body, chunkBytes) => {
      const text = excerpt(body, true, chunkBytes) ?? '';
      assert.ok(Buffer.byteLength(text) <= EXCERPT_BYTES_MAX);
      const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
      assert.ok(whole.startsWith(text), 'a prefix');
      assert.equal(JSON.parse(JSON.stringify(text)), text);
    }),
  );
});

test('chunks are copied: undici uses their memory again', () => {
  const reader = excerptReader();
  const chunk = Buffer.from('first');
  reader.take(chunk);
  chunk.fill(0x7a);
  assert.equal(reader.text(true), 'first');
});
