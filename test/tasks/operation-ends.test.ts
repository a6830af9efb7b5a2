import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandId } from '../../src/tasks/command-id.ts';
import type { Pair } from '../../src/tasks/entry.ts';
import type { OperationEnd } from '../../src/tasks/operation.ts';
import { Scenario } from './scenario.ts';

const operation = { type: 'promote-member', nodeId: 'n2' } as const;
const requestId = 'a' as CommandId;
const asked: Pair = { requires: [], events: [{ type: 'OperationRequested', requestId, operation }], by: 'token' };
const ended = (end: OperationEnd): Pair => ({
  requires: [{ type: 'operation-open', requestId }],
  events: [{ type: 'OperationEnded', requestId, operation, end }],
  by: 'node:n1',
});
const DONE: OperationEnd = { kind: 'done' };
const REFUSED: OperationEnd = { kind: 'refused', reason: 'not now' };

test('an operation ends once: the first word of it stands', () => {
  const scenario = new Scenario();
  const results = scenario.apply(ended(DONE), asked, ended(REFUSED), ended(DONE));
  assert.deepEqual(
    results.map(({ applied }) => applied),
    [false, true, true, false],
  );
  const [record] = scenario.state.meta().operations ?? [];
  assert.deepEqual(record?.ended?.end, REFUSED);
  assert.equal(record?.ended?.atMs, scenario.state.meta().logTimeMs);
});

test('of two under the same id, hours apart, the later is meant', () => {
  const scenario = new Scenario();
  scenario.apply(asked, ended(REFUSED), asked);
  scenario.apply(ended(DONE));
  const ends = scenario.state.meta().operations?.map((record) => record.ended?.end);
  assert.deepEqual(ends, [REFUSED, DONE]);
});
