import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_KINDS } from '../../src/node/event-kinds.ts';
import { detailsInWords, happeningOf, joined, KEPT } from '../../src/ui/cluster/happening.ts';

test('every kind that the node tells is said in words', () => {
  for (const kind of [...EVENT_KINDS, 'gap']) assert.notEqual(happeningOf({ id: '1', kind }).words, kind);
  assert.equal(happeningOf({ id: '1', kind: 'OfANewerNode' }).words, 'OfANewerNode');
  const failed = { id: '1', kind: 'ExecutionFailed', run: 3, error: null, status: 500 };
  assert.deepEqual(happeningOf(failed), { words: 'run 3 failed for good: 500', tone: 'bad' });
  const refused = {
    id: '1',
    kind: 'OperationEnded',
    operation: 'promote-member',
    outcome: 'refused',
    reason: 'not now',
  };
  assert.deepEqual(happeningOf(refused), { words: 'promote member was refused: not now', tone: 'warn' });
});

test('what an operator named stands first, and what was not asked for is left out', () => {
  assert.equal(
    detailsInWords({ node_id: 'n2', instance: 'x', accept_lost_majority: true, to: null }),
    'n2, accept lost majority true',
  );
});

test('the newest come first, and so many are kept', () => {
  const event = (id: number) => ({ id: String(id), kind: 'TaskCreated' });
  const all = joined(
    [event(1), event(2)],
    Array.from({ length: KEPT }, (_, at) => event(-at)),
  );
  assert.deepEqual([all.length, all[0]?.id, all[1]?.id], [KEPT, '2', '1']);
});
