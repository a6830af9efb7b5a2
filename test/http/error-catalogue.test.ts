import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CATALOGUE, ERROR_CODES } from '../../src/http/error-catalogue.ts';
import { ERRORS_FILE, errorsMarkdown } from '../../src/http/error-catalogue-doc.ts';

test('docs/errors.md is what the catalogue says', () => {
  assert.equal(readFileSync(ERRORS_FILE, 'utf8'), errorsMarkdown(), 'run node src/http/error-catalogue-doc.ts');
});

test('each error has words, a status that fits, and a number in the range of the original API', () => {
  for (const code of ERROR_CODES) {
    const { number, status, title, meaning, remedy } = CATALOGUE[code];
    assert.match(code, /^[a-z]+(?:_[a-z0-9]+)*$/);
    assert.ok(number >= 1000 && number <= 1099, code);
    assert.ok(status >= 400 && status < 600, code);
    assert.doesNotMatch(title, /\.$/, code);
    for (const text of [meaning, remedy]) assert.match(text, /^[A-Z].*\.$/s, code);
  }
});

test('the numbers that older clients know stay what they were', () => {
  const numberOf = (code: keyof typeof CATALOGUE): number => CATALOGUE[code].number;
  assert.deepEqual(
    [
      numberOf('json_malformed'),
      numberOf('schedule_refused'),
      numberOf('instant_past'),
      numberOf('callback_url_refused'),
      numberOf('no_leader'),
      numberOf('outcome_unknown'),
      numberOf('type_refused'),
    ],
    [1000, 1001, 1002, 1003, 1004, 1005, 1020],
  );
});
