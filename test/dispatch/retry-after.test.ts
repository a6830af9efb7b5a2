import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RETRY_AFTER_MS_MAX, retryAfterMs } from '../../src/dispatch/retry-after.ts';

const NOW = Date.UTC(2026, 10, 22, 9, 0, 0);

test('seconds', () => {
  assert.equal(retryAfterMs('120', NOW), 120_000);
  assert.equal(retryAfterMs('0', NOW), 0);
  assert.equal(retryAfterMs(' 7 ', NOW), 7_000);
  assert.equal(retryAfterMs(['5', '9'], NOW), 5_000);
  assert.equal(retryAfterMs('86401', NOW), RETRY_AFTER_MS_MAX);
  assert.equal(retryAfterMs('9'.repeat(400), NOW), RETRY_AFTER_MS_MAX);
});

test('the three forms of an HTTP-date', () => {
  assert.equal(retryAfterMs('Sun, 22 Nov 2026 09:01:30 GMT', NOW), 90_000);
  assert.equal(retryAfterMs('Sunday, 22-Nov-26 09:01:30 GMT', NOW), 90_000);
  assert.equal(retryAfterMs('Sun Nov 22 09:01:30 2026', NOW), 90_000);
  const thisMonth = Date.UTC(2026, 10, 5);
  assert.equal(retryAfterMs('Thu Nov  5 00:00:10 2026', thisMonth), 10_000);
  assert.equal(retryAfterMs('Mon, 22 Nov 2027 09:00:00 GMT', NOW), RETRY_AFTER_MS_MAX);
});

test('an instant already past says nothing', () => {
  assert.equal(retryAfterMs('Sun, 22 Nov 2026 08:59:59 GMT', NOW), null);
  // RFC 9110 §5.6.7: two digits more than 50 years ahead are of the past century.
  assert.equal(retryAfterMs('Sunday, 06-Nov-94 08:49:37 GMT', NOW), null);
});

test('garbage says nothing', () => {
  const garbage = [
    '',
    ' ',
    '-5',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    '12 s',
    'Sun, 31 Feb 2027 00:00:00 GMT',
    '2027-01-01T00:00:00Z',
  ];
  garbage.push('Sun, 22 Nov 2026 24:00:00 GMT', 'Sun, 22 Nov 2026 10:00:00 CET', 'Sun, 22 Foo 2026 10:00:00 GMT', '١٢');
  for (const text of garbage) assert.equal(retryAfterMs(text, NOW), null, text);
  assert.equal(retryAfterMs(undefined, NOW), null);
  assert.equal(retryAfterMs([], NOW), null);
});

test('whatever a target says, the wait is within the bound', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.integer().map(String),
        fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
      ),
      (text) => {
        const ms = retryAfterMs(text, NOW);
        assert.ok(ms === null || (ms >= 0 && ms <= RETRY_AFTER_MS_MAX));
      },
    ),
  );
});
