import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { missedSchema, pageOf } from '../../src/http/answer-schema.ts';
import { assertProblem, fieldsOf, serving } from './serving.ts';

const conforms = Compile(pageOf(missedSchema));

test('what was missed is listed with its task, the last first, page by page', async () => {
  const at = serving();
  const ok = {
    kind: 'response',
    status: 200,
    retryAfterMs: null,
    excerpt: null,
    startedAtMs: 1,
    endedAtMs: 2,
  } as const;
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const json = { name: `Job ${n}`, schedule: '* * * * * *', callback: { url: 'https://example.com/hook' } };
    const id = String(fieldsOf(await at.ask('POST', '/v1/tasks', { json })).id);
    at.clock.advance(60_000);
    at.node.fire(id as Parameters<typeof at.node.fire>[0], ok);
    ids.push(id);
  }
  const seen: { task: { id: string; name: string }; from: string; through: string }[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const told = await at.ask('GET', `/v1/missed?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    assert.ok(conforms.Check(told.json), told.text);
    const page = told.json as { items: typeof seen; next_cursor: string | null };
    seen.push(...page.items);
    cursor = page.next_cursor;
  }
  assert.deepEqual(
    seen.map(({ task }) => task.id),
    ids.toReversed(),
  );
  for (const { from, through } of seen) assert.ok(from < through, `${from} … ${through}`);
  for (const bad of ['x', Buffer.from('letters:1-2-3').toString('base64url')])
    assertProblem(await at.ask('GET', `/v1/missed?cursor=${bad}`), 'cursor_refused', '/cursor');
});
