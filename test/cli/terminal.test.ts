import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lineForPerson } from '../../src/cli/node-log.ts';
import { nearest } from '../../src/cli/spelling.ts';
import { table } from '../../src/cli/table.ts';
import { printable, shortened } from '../../src/cli/terminal.ts';

test('nothing that a terminal would obey gets through, and plain text is left alone', () => {
  assert.equal(printable('\u001b]0;x\u0007\n\u009b\u202e\u2028'), '\\u{1b}]0;x\\u{7}\\n\\u{9b}\\u{202e}\\u{2028}');
  assert.equal(printable('{"s":"\\u00e9 ü 日本 🎉"}'), '{"s":"\\u00e9 ü 日本 🎉"}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});

test('shortening cuts between characters', () => {
  assert.equal(shortened('abc', 3), 'abc');
  assert.equal(shortened('abcd', 3), 'ab…');
  assert.equal(shortened('🎉🎉🎉', 3), '🎉🎉🎉');
  assert.equal(shortened('🎉🎉🎉🎉', 3), '🎉🎉…');
});

test('columns stand under each other, wide characters too', () => {
  assert.deepEqual(
    table(
      ['A', 'B'],
      [
        ['日本', 'x'],
        ['a', ''],
      ],
    ),
    ['A     B', '日本  x', 'a'],
  );
});

test('the nearest name, when it is near', () => {
  const known = ['http_port', 'http_host', 'data_dir'];
  assert.equal(nearest('htpt_port', known), 'http_port');
  assert.equal(nearest('datadir', known), 'data_dir');
  assert.equal(nearest('zebra', known), undefined);
});

test('a line of the log, for a person at a terminal', () => {
  const line =
    '{"level":"info","time":"2027-01-01T12:03:04.123Z","node_id":"n1","role":"leader","term":3,"msg":"role\\u001b changed"}\n';
  assert.equal(lineForPerson(line), '12:03:04.123 info  role\\u{1b} changed role=leader term=3');
});
