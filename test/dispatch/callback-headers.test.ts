import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CALLBACK_HEADER_VALUE_CHARS_MAX,
  CALLBACK_HEADERS_MAX,
  checkCallbackHeaders,
  requestHeaders,
} from '../../src/dispatch/callback-headers.ts';
import { callback } from './sending.ts';

const paths = (headers: Record<string, string>): string[] => {
  const checked = checkCallbackHeaders(headers);
  return checked.ok ? [] : checked.error.map(({ path }) => path);
};

test('ordinary headers pass', () => {
  assert.deepEqual(
    paths({ Authorization: 'Bearer x', 'X-Trace': 'a\tb', 'content-type': 'text/plain', empty: '' }),
    [],
  );
});

test('what is ours or the connection is refused, in any case', () => {
  const names = [
    'Host',
    'content-length',
    'Transfer-Encoding',
    'CONNECTION',
    'keep-alive',
    'Upgrade',
    'Expect',
    'TE',
    'Trailer',
  ];
  names.push(
    'Proxy-Connection',
    'User-Agent',
    'webhook-id',
    'Webhook-Timestamp',
    'webhook-signature',
    'xcron-task-id',
    'XCRON-x',
  );
  for (const name of names) assert.deepEqual(paths({ [name]: 'x' }), [`/${name}`], name);
});

test('a refusal names its place by JSON pointer, and never repeats a value', () => {
  const checked = checkCallbackHeaders({
    'a/b~c': 'x',
    good: 'x',
    bad: 'secret\r\nx: y',
    né: 'x',
    '': 'x',
    nul: '\0',
    é: 'x',
  });
  assert.ok(!checked.ok);
  assert.deepEqual(
    checked.error.map(({ path }) => path),
    ['/a~1b~0c', '/bad', '/né', '/', '/nul', '/é'],
  );
  assert.ok(!JSON.stringify(checked.error).includes('secret'));
  assert.deepEqual(paths({ twice: '1', Twice: '2' }), ['/Twice']);
  assert.deepEqual(paths({ utf8: 'é' }), ['/utf8']);
});

test('bounds', () => {
  const many = Object.fromEntries(Array.from({ length: CALLBACK_HEADERS_MAX + 1 }, (_, n) => [`h${n}`, 'x']));
  assert.deepEqual(paths(many), ['']);
  assert.deepEqual(paths({ long: 'x'.repeat(CALLBACK_HEADER_VALUE_CHARS_MAX) }), []);
  assert.deepEqual(paths({ long: 'x'.repeat(CALLBACK_HEADER_VALUE_CHARS_MAX + 1) }), ['/long']);
  assert.deepEqual(paths({ a: 'x'.repeat(4_000), b: 'x'.repeat(4_000) }), ['']);
  assert.deepEqual(paths({ ['n'.repeat(129)]: 'x' }), [`/${'n'.repeat(129)}`]);
});

test('on the wire, a task that slipped through an older check still cannot override', () => {
  const headers = {
    'Webhook-Id': 'forged',
    host: 'other',
    'Content-Type': 'text/plain',
    'transfer-encoding': 'chunked',
    'x-a': '1',
  };
  const request = callback('http://example.com/', { headers, executionId: 'e-1' });
  const wire = requestHeaders(request, 1_700_000_000_999, 'xcron/1');
  const pairs = wire.flatMap((each, index) => (index % 2 === 0 ? [[each, wire[index + 1]]] : []));
  assert.deepEqual(pairs, [
    ['Content-Type', 'text/plain'],
    ['x-a', '1'],
    ['user-agent', 'xcron/1'],
    ['webhook-id', 'e-1'],
    ['webhook-timestamp', '1700000000'],
    ['xcron-task-id', '289057701458138645'],
    ['xcron-scheduled-at', '2026-01-02T03:04:05.006Z'],
    ['xcron-attempt', '1'],
    ['xcron-term', '7'],
  ]);
});
