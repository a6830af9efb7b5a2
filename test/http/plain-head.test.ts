import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_HEAD_BYTES_MAX } from '../../src/http/limits.ts';
import { beginsWith, readPlainHead } from '../../src/http/plain-head.ts';

const LINES = [
  'POST /v1/tasks HTTP/1.1',
  'Host: localhost:8000',
  'content-type: application/json',
  'content-length: 2',
];
const headOf = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n{}`);
const having = (line: string): Buffer => headOf([...LINES, line]);
const instead = (at: number, line: string): Buffer => headOf(LINES.with(at, line));

test('a plain head is read, names in small letters', () => {
  const received = having('Idempotency-Key: a b');
  const head = readPlainHead(received);
  assert.ok(head !== null);
  assert.deepEqual(head.headers, {
    host: 'localhost:8000',
    'content-type': 'application/json',
    'content-length': '2',
    'idempotency-key': 'a b',
  });
  assert.deepEqual([head.path, head.bodyBytes, head.rawHeaders.length], ['/v1/tasks', 2, 8]);
  assert.equal(head.bytes.length, received.length - 2);
  assert.ok(beginsWith(received, head.bytes));
  assert.ok(!beginsWith(instead(1, 'Host: localhost:8001'), head.bytes));
  assert.ok(!beginsWith(received.subarray(0, 10), head.bytes));
});

const left: readonly (readonly [string, Buffer])[] = [
  ['a head that is not whole', Buffer.from(LINES.join('\r\n'))],
  ['another method', instead(0, 'PUT /v1/tasks HTTP/1.1')],
  ['a query', instead(0, 'POST /v1/tasks?a=b HTTP/1.1')],
  ['an encoded path', instead(0, 'POST /v1/%74asks HTTP/1.1')],
  ['a whole URL', instead(0, 'POST http://localhost/v1/tasks HTTP/1.1')],
  ['HTTP/1.0', instead(0, 'POST /v1/tasks HTTP/1.0')],
  ['no Host', headOf(LINES.toSpliced(1, 1))],
  ['two Hosts', having('host: evil.example')],
  ['no length', headOf(LINES.slice(0, 3))],
  ['two lengths', having('Content-Length: 2')],
  ['a signed length', instead(3, 'content-length: +2')],
  ['a length in hex', instead(3, 'content-length: 0x2')],
  ['no body', instead(3, 'content-length: 0')],
  ['a body that is too large', instead(3, 'content-length: 99999999')],
  ['another type', instead(2, 'content-type: text/plain')],
  ['a type with a charset', instead(2, 'content-type: application/json; charset=utf-8')],
  ['chunks', having('transfer-encoding: chunked')],
  ['an expectation', having('expect: 100-continue')],
  ['an upgrade', having('upgrade: h2c')],
  ['an encoded body', having('content-encoding: gzip')],
  ['the end of the connection', having('connection: close')],
  ['a header of nobody', having('x-custom: 1')],
  ['a prototype', having('__proto__: 1')],
  ['a folded line', having(' folded')],
  ['a blank before the colon', having('accept : a')],
  ['a line feed alone', having('accept: a\ntransfer-encoding: chunked')],
  ['a carriage return alone', having('accept: a\rb')],
  ['a NUL', having('accept: a\0b')],
  ['bytes beyond ASCII', having('accept: \u00e9')],
  ['an empty value', having('accept:')],
  ['a long head', having(`accept: ${'a'.repeat(PLAIN_HEAD_BYTES_MAX)}`)],
];
for (const [name, received] of left) {
  test(`${name} is left to node:http`, () => assert.equal(readPlainHead(received), null));
}
