import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogAgreement } from '../../ops/faults/log-agreement.ts';
import type { Entry } from '../../src/raft/types.ts';

const entry = (index: number, term: number, data = `${index}`): Entry => ({ index, term, kind: 'events', data });
const log = (...terms: readonly number[]): readonly Entry[] => terms.map((term, at) => entry(at + 1, term));

test('logs that begin and end elsewhere agree on what both hold', () => {
  const found: string[] = [];
  const agreement = createLogAgreement((what) => found.push(what));
  agreement.take('n1', log(1, 1, 2));
  agreement.take('n2', log(1, 1, 2, 3).slice(1));
  agreement.take('n3', log(1, 1));
  assert.deepEqual([found, agreement.shared], [[], 3]);
});

test('an entry that two nodes applied each in its own way is found, by its term and by what it says', () => {
  for (const other of [log(1, 2, 2), [entry(1, 1), entry(2, 1, 'x'), entry(3, 2)]]) {
    const found: string[] = [];
    const agreement = createLogAgreement((what) => found.push(what));
    agreement.take('n1', log(1, 1, 2));
    agreement.take('n2', other);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /^entry 2 is events of term 1.* on n1, and events of term .* on n2$/);
  }
});
