import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type OperationView } from '../../src/node/judging-operations.ts';
import type { Member } from '../../src/raft/types.ts';
import { EMPTY_META } from '../../src/tasks/entities.ts';

function view(drained: readonly string[], silent: readonly string[] = []): OperationView {
  const members = ['n1', 'n2', 'n3'].map((nodeId) => ({ nodeId, instance: 'i', kind: 'voter' }) as unknown as Member);
  return { self: 'n1', members, meta: { ...EMPTY_META, drained }, isAlive: (nodeId) => !silent.includes(nodeId) };
}

const removed = (nodeId: string, seen: OperationView, acceptLostMajority = false): string => {
  const judged = judge({ type: 'remove-member', nodeId, acceptLostMajority }, seen);
  return judged.kind === 'refused' ? judged.code : judged.kind;
};

test('who is the last that could send is not removed: all fires would wait, and nothing say so', () => {
  assert.equal(removed('n3', view(['n1', 'n2'])), 'would_leave_no_sender');
  assert.equal(removed('n3', view(['n1'])), 'go');
  assert.equal(removed('n2', view(['n1'], ['n3'])), 'would_lose_majority');
});

test('one that sends nothing anyway is, and so is any where the loss of the majority is accepted', () => {
  assert.equal(removed('n2', view(['n1', 'n2', 'n3'])), 'go');
  assert.equal(removed('n3', view(['n1', 'n2'], ['n3'])), 'go');
  assert.equal(removed('n3', view(['n1', 'n2']), true), 'go');
  const alone = view([]);
  assert.equal(removed('n1', { ...alone, members: alone.members.slice(0, 1) }), 'go', 'consensus refuses that itself');
});
