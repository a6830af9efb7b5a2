import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { readTraceOfAll } from '../../src/http/trace-operation.ts';
import { merged } from '../../src/trace/merging.ts';
import { assertProblem, serving } from './serving.ts';

test('a look says what it says that it says, and a member that does not answer is told as that', async () => {
  const { ask } = serving();
  const told = await ask('GET', '/v1/debug/trace');
  assert.equal(told.status, 200, told.text);
  assert.ok(Compile(readTraceOfAll.success.schema).Check(told.json), told.text);
  const { nodes, items } = told.json as { readonly nodes: readonly object[]; readonly items: readonly object[] };
  assert.deepEqual(nodes[0], { node_id: 'n1', answered: false, skipped: 0, restarted: false });
  assert.deepEqual(items, []);
});

test('a cursor that was not given out is refused', async () => {
  const { ask } = serving();
  for (const cursor of ['n1', 'n1:x:1', 'N1:1:1', 'n1:1:1,', `n1:1:${'9'.repeat(20)}`])
    assertProblem(await ask('GET', `/v1/debug/trace?after=${cursor}`), 'cursor_refused');
});

test('lines of several nodes are told by time, and those of each in their order', () => {
  const lists = [[1, 5, 4].map((atMs) => ({ atMs, of: 'a' })), [2, 3, 6].map((atMs) => ({ atMs, of: 'b' })), []];
  assert.deepEqual(
    merged(lists).map(({ atMs, of }) => `${of}${atMs}`),
    ['a1', 'b2', 'b3', 'a5', 'a4', 'b6'],
  );
});
