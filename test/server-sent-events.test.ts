import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createServerSentEventReader } from '../src/server-sent-events.ts';

const STREAM =
  'retry: 1000\nid: a\n\n: hello\nid: b\nevent: made\ndata: {"x":1}\r\n\r\ndata:one\ndata: two\rid\r\revent: lost\n\nid: c\n\ndata\n\n';

test('an event stream is read as the standard says, wherever it is cut', () => {
  const expected = [
    { lastId: 'b', event: 'made', data: '{"x":1}' },
    { lastId: '', event: 'message', data: 'one\ntwo' },
    { lastId: 'c', event: 'message', data: '' },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 8 }), (cuts) => {
      const reader = createServerSentEventReader();
      const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const read = at.slice(1).flatMap((end, n) => reader.push(STREAM.slice(at[n], end)));
      assert.deepEqual(read, expected);
      assert.equal(reader.lastId, 'c');
    }),
  );
});

test('what has no end is no event', () => {
  const reader = createServerSentEventReader();
  assert.throws(() => {
    for (let at = 0; at < 100; at += 1) reader.push(`data: ${'x'.repeat(20_000)}\n`);
  }, RangeError);
});
