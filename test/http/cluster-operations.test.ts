import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { VERBS } from '../../src/control/verbs.ts';
import { assertProblem, fieldsOf, serving } from './serving.ts';

const pathOf = (name: string): string => `/v1/cluster/${name}`;

test('every verb answers what it says that it answers', async () => {
  const { ask } = serving();
  const inputs: Readonly<Record<string, object>> = {
    add: { node_id: 'n1', instance: 'i1' },
    promote: { node_id: 'n1' },
    transfer: { node_id: 'n1' },
    drain: { node_id: 'n1', accept_no_sender: true },
    undrain: { node_id: 'n1' },
    'log-level': { level: 'warn' },
    trace: { on: true },
  };
  const refused = new Set(['remove', 'restore', 'backup', 'run-task']);
  for (const { name, access, output } of VERBS) {
    if (name === 'status' || refused.has(name)) continue;
    const told = await ask(
      access === 'read' ? 'GET' : 'POST',
      pathOf(name),
      access === 'read' ? {} : { json: inputs[name] ?? {} },
    );
    assert.equal(told.status, 200, `${name}: ${told.text}`);
    assert.ok(Compile(output).Check(told.json), `${name}: ${told.text}`);
  }
});

test('a verb without input needs no body', async () => {
  const { ask } = serving();
  assert.deepEqual((await ask('POST', pathOf('pause'))).json, { changed: true });
  assert.equal(fieldsOf(await ask('GET', '/v1/cluster')).scheduling, 'paused');
  assert.deepEqual((await ask('POST', pathOf('pause'))).json, { changed: false });
  assert.deepEqual((await ask('POST', pathOf('resume'))).json, { changed: true });
});

test('what would lose the senders, what is another node’s, and a restore over a live cluster are refused with the reason', async () => {
  const { ask } = serving();
  assertProblem(await ask('POST', pathOf('drain'), { json: { node_id: 'n1' } }), 'would_leave_no_sender');
  for (const verb of ['drain', 'undrain', 'remove', 'promote'])
    assertProblem(await ask('POST', pathOf(verb), { json: { node_id: 'n7' } }), 'member_not_found');
  assertProblem(await ask('POST', pathOf('snapshot'), { json: { node_id: 'n2' } }), 'other_node');
  assertProblem(await ask('POST', pathOf('restore')), 'live_restore_refused');
  assertProblem(await ask('POST', pathOf('backup')), 'backup_refused');
});

test('unknown fields, wrong kinds and missing ones are told by their place', async () => {
  const { ask } = serving();
  for (const [verb, json] of [
    ['drain', {}],
    ['drain', { node_id: 'N 1' }],
    ['drain', { node_id: 'n1', force: true }],
    ['trace', { on: 'yes' }],
    ['log-level', { level: 'loud' }],
    ['pause', { until: 'tomorrow' }],
  ] as const) {
    assertProblem(await ask('POST', pathOf(verb), { json }), 'validation_failed');
  }
  assertProblem(await ask('GET', `${pathOf('read-trace')}?after=x`), 'validation_failed');
});

test('the audit tells who asked for what, the newest first; the trace is kept while it is on', async () => {
  const { ask } = serving({ token: 'sesame-sesame' });
  const headers = { authorization: 'Bearer sesame-sesame' };
  await ask('POST', pathOf('pause'), { headers });
  await ask('POST', pathOf('log-level'), { headers, json: { level: 'debug' } });
  const { items } = fieldsOf(await ask('GET', pathOf('audit'), { headers })) as {
    readonly items: readonly Readonly<Record<'operation' | 'by' | 'details' | 'outcome' | 'reason', unknown>>[];
  };
  assert.deepEqual(
    items.map(({ operation, by, details, outcome, reason }) => [operation, by, details, outcome, reason]),
    [
      ['set-log-level', 'token', { node_id: 'n1', level: 'debug' }, 'done', null],
      ['pause-scheduling', 'token', {}, 'done', null],
    ],
  );
  assert.equal(fieldsOf(await ask('GET', pathOf('read-trace'), { headers })).on, false);
  await ask('POST', pathOf('trace'), { headers, json: { on: true } });
  assert.equal(fieldsOf(await ask('GET', pathOf('read-trace'), { headers })).on, true);
});
