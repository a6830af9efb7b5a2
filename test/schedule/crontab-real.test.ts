import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { firesOf, refusalOf, scheduleOf } from './schedule-cases.ts';

/**
 * Lines of the kind people run. The tables were made by croner, not by what they check, and read through: in New York they
 * span the night of 2027-03-14, when 02:00 becomes 03:00.
 */

interface Expected {
  readonly tables: readonly {
    readonly timezone: string;
    readonly from: string;
    readonly next: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly refused: Readonly<Record<string, { readonly code: string; readonly position: number }>>;
}

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

const expected: Expected = JSON.parse(fixture('crontab-real.expected.json'));
const lines = fixture('crontab-real.txt')
  .split('\n')
  .filter(Boolean)
  .map((line) => line.split('\t')[0] ?? '');

for (const { timezone, from, next } of expected.tables) {
  describe(`real crontab lines, next three times in ${timezone} from ${from}`, () => {
    for (const line of lines.filter((each) => expected.refused[each] === undefined)) {
      test(line, () => assert.deepEqual(firesOf(scheduleOf(line, timezone, from), from, 3), next[line]));
    }
  });
}

test('every line but @reboot is accepted, and @reboot has its reason', () => {
  assert.deepEqual(Object.keys(expected.refused), ['@reboot']);
  const { code, position, message } = refusalOf('@reboot');
  assert.deepEqual({ code, position }, expected.refused['@reboot']);
  assert.match(message, /is not a time/);
});
