import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRefusedPairs, REFUSED_PAIRS_MAX } from '../../src/store/refused-pairs.ts';

test('what is kept is read again where the state stands as it did then', () => {
  const refused = createRefusedPairs(null, 7);
  refused.add(9, [0, 3]);
  refused.add(10, []);
  const again = createRefusedPairs(refused.text(12), 12);
  assert.deepEqual([again.knownAfter, again.at(9), again.at(10)], [7, [0, 3], []]);
});

for (const [what, text] of [
  ['no text', null],
  ['no JSON', 'x'],
  ['another form', '{"through":12,"knownAfter":7}'],
  ['a state that an older xcron brought further', createRefusedPairs(null, 7).text(11)],
] as const) {
  test(`of ${what} nothing is known`, () => {
    assert.equal(createRefusedPairs(text, 12).knownAfter, 12);
  });
}

test('at the bound the oldest are forgotten, and said to be', () => {
  const refused = createRefusedPairs(null, 0);
  for (let index = 1; index <= REFUSED_PAIRS_MAX / 2 + 10; index += 1) refused.add(index, [0, 1]);
  assert.deepEqual([refused.knownAfter, refused.at(10), refused.at(11)], [10, [], [0, 1]]);
});
