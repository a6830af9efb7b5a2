import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AddressRules } from '../../src/dispatch/address-guard.ts';
import {
  CALLBACK_URL_CHARS_MAX,
  checkCallbackUrl,
  parseCallbackUrl,
  rememberingUrlParser,
} from '../../src/dispatch/callback-url.ts';
import { cidrs } from './sending.ts';

const strict: AddressRules = { allowLoopback: false, allow: cidrs(), deny: cidrs(), own: [], localAddresses: [] };
const open = {
  ...strict,
  allowLoopback: true,
  own: [
    { host: '127.0.0.1', port: 8000 },
    { host: 'node2.example', port: 8000 },
  ],
};

const code = (url: string, rules = strict): string => {
  const checked = checkCallbackUrl(url, rules);
  return checked.ok ? 'ok' : checked.error.code;
};

test('a good URL, in its parts', () => {
  assert.deepEqual(checkCallbackUrl('https://Example.com/a b'.replace(' ', '%20').concat('?x=1#part'), strict), {
    ok: true,
    value: {
      origin: 'https://example.com',
      protocol: 'https:',
      hostname: 'example.com',
      port: 443,
      path: '/a%20b?x=1',
    },
  });
  const literal = checkCallbackUrl('http://[2606:4700::1]:8080', strict);
  assert.ok(literal.ok);
  assert.equal(literal.value.hostname, '2606:4700::1');
  assert.equal(literal.value.port, 8080);
  assert.equal(literal.value.path, '/');
});

test('what cannot be called', () => {
  for (const url of [
    '',
    'hook',
    '/hook',
    'http://',
    'http://a b/',
    ' http://a/',
    'http://a/\n',
    'http://a/\u0000',
    'http://1.2.3.4.5/',
    'http://a:99999/',
  ]) {
    assert.equal(code(url), 'callback_url_malformed', JSON.stringify(url));
  }
  for (const url of ['ftp://a/', 'file:///etc/passwd', 'javascript:1', 'ws://a/'])
    assert.equal(code(url), 'callback_url_scheme', url);
  for (const url of ['http://u@a/', 'http://u:p@a/', 'http://:p@a/'])
    assert.equal(code(url), 'callback_url_credentials', url);
  assert.equal(code('http://a:0/'), 'callback_url_port');
});

test('a refusal does not repeat a password', () => {
  const checked = checkCallbackUrl('http://user:hunter2@example.com/', strict);
  assert.ok(!checked.ok && !checked.error.message.includes('hunter2'));
});

test('the length is that of the wire', () => {
  const base = 'http://example.com/';
  assert.equal(code(base + 'x'.repeat(CALLBACK_URL_CHARS_MAX - base.length)), 'ok');
  assert.equal(code(base + 'x'.repeat(CALLBACK_URL_CHARS_MAX - base.length + 1)), 'callback_url_too_long');
  assert.equal(code(base + 'é'.repeat(500)), 'callback_url_too_long');
});

test('a literal host is judged in every spelling', () => {
  const loopback = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '017700000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ];
  loopback.push(
    '[::ffff:7f00:1]',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'api.localhost',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '127。0。0。1',
  );
  for (const host of loopback) {
    assert.equal(code(`http://${host}/`), 'callback_url_address', host);
    assert.equal(code(`http://${host}/`, open), 'ok', host);
  }
  for (const host of [
    '0',
    '0.0.0.0',
    '[::]',
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[64:ff9b::a9fe:a9fe]',
    '[fd00:ec2::254]',
  ]) {
    assert.equal(code(`http://${host}/`, open), 'callback_url_address', host);
  }
  for (const host of ['10.0.0.1', '[fd12::1]', 'example.com', 'localhost.example.com'])
    assert.equal(code(`http://${host}/`), 'ok', host);
});

test('own ports by address, by localhost and by name', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:7f00:1]', 'node2.example', 'NODE2.example.']) {
    assert.equal(code(`http://${host}:8000/`, open), 'callback_url_address', host);
    assert.equal(code(`http://${host}:8009/`, open), 'ok', host);
  }
});

test('what is remembered of a URL is what reading it gives', () => {
  const parse = rememberingUrlParser();
  for (let round = 0; round < 2; round += 1) {
    for (let n = 0; n < 3_000; n += 1) {
      const url = n % 7 === 0 ? `ftp://h${n}/` : `http://h${n}.example/?${n}`;
      assert.deepEqual(parse(url), parseCallbackUrl(url));
      assert.deepEqual(parse(url), parseCallbackUrl(url));
    }
  }
});
