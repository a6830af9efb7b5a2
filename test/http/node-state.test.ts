import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { statusSchema } from '../../src/control/reading-verbs.ts';
import { healthSchema, previewSchema } from '../../src/http/answer-schema.ts';
import { parseDuration, printDuration } from '../../src/http/duration.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { assertProblem, fieldsOf, serving } from './serving.ts';

test('livez answers whatever the node does, readyz says whether it takes work', async () => {
  const { ask, node } = serving();
  const ready = await ask('GET', '/readyz');
  assert.deepEqual([ready.status, ready.json], [200, { ready: true, state: 'serving', reason: null }]);
  node.become({ state: 'storageFailed', ready: false, reason: 'no space left' });
  const not = await ask('GET', '/readyz');
  assert.ok(Compile(healthSchema).Check(not.json));
  assert.deepEqual([not.status, fieldsOf(not).reason], [503, 'no space left']);
  assert.equal((await ask('GET', '/livez')).status, 200);
});

test('the cluster is told in the words of the contract', async () => {
  const { ask } = serving();
  const told = await ask('GET', '/v1/cluster');
  assert.ok(Compile(statusSchema).Check(told.json), told.text);
  assert.deepEqual(Object.keys(fieldsOf(told)), [
    'cluster_id',
    'node_id',
    'state',
    'ready',
    'reason',
    'role',
    'term',
    'leader_id',
    'commit_index',
    'applied_index',
    'scheduling',
    'members',
  ]);
});

test('metrics are text that Prometheus reads, in base units, from the node and the process', async () => {
  const { ask } = serving();
  const told = await ask('GET', '/metrics');
  assert.equal(told.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const lines = told.text.split('\n');
  for (const line of [
    'xcron_proposals_total 11',
    'xcron_attempts_total{result="failed"} 1',
    'xcron_tasks{state="scheduled"} 3',
    'xcron_fsync_seconds_bucket{le="0.001"} 5',
    'xcron_fsync_seconds_bucket{le="+Inf"} 8',
    'xcron_fsync_seconds_count 8',
    'xcron_log_bytes 4096',
    'xcron_dead_letters_total 2',
    'xcron_leader 1',
    'xcron_ready 1',
    'xcron_transport_messages_total{direction="sent"} 0',
    'xcron_transport_dropped_total{cause="forged"} 0',
    'xcron_transport_lost_total{cause="too-large"} 0',
    'xcron_info{version="0.0.0-test"} 1',
    '# TYPE xcron_lateness_seconds histogram',
    '# TYPE xcron_fires_total counter',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(lines.some((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds ')));
  assert.ok(lines.some((line) => line.startsWith('process_resident_memory_bytes ')));
  const sample = /^[a-zA-Z_:][\w:]*(?:\{(?:\w+="[^"]*",?)+\})? (?:[-+]?[\d.]+(?:e[-+]?\d+)?|Nan|NaN|[-+]Inf)$/;
  assert.ok(lines.some((line) => /^xcron_disk_free_bytes \d+$/.test(line)));
  for (const line of lines) assert.ok(line === '' || line.startsWith('# ') || sample.test(line), line);
});

test('what a node has applied is read without a leader, by those who ask for no more', async () => {
  const { ask, node, clock } = serving();
  const made = await ask('POST', '/v1/tasks', {
    json: { schedule: '* * * * *', callback: { url: 'http://127.0.0.1:9/' } },
  });
  clock.advance(60_000);
  const { id } = fieldsOf(made);
  const outcome = { kind: 'error', error: 'refused', detail: '', sent: false, startedAtMs: 0, endedAtMs: 0 } as const;
  node.fire(id as TaskId, outcome);
  node.become({ state: 'recovering', ready: false, reason: 'waiting for a leader' }, 'refused');
  for (const path of ['', `/${id}`, `/${id}/executions`, `/${id}/executions/1`, `/${id}/events`]) {
    assert.equal((await ask('GET', `/v1/tasks${path}`)).status, 503, path);
    assert.equal((await ask('GET', `/v1/tasks${path}?consistency=linearizable`)).status, 503, path);
    assert.equal((await ask('GET', `/v1/tasks${path}?consistency=stale`)).status, 200, path);
    assertProblem(await ask('GET', `/v1/tasks${path}?consistency=maybe`), 'validation_failed');
  }
});

test('a preview tells times, local times, clock changes and words', async () => {
  const { ask } = serving();
  const query = new URLSearchParams({
    format: '30 2 * * *',
    timezone: 'America/New_York',
    from: '2027-03-13T12:00:00Z',
    count: '2',
  });
  const told = await ask('GET', `/v1/schedule/preview?${query}`);
  assert.ok(Compile(previewSchema).Check(told.json), told.text);
  const { next, text } = fieldsOf(told) as { next: { at: string; local: string; note?: string }[]; text: string };
  assert.deepEqual(
    next.map(({ at, local }) => [at, local]),
    [
      ['2027-03-14T07:00:00.000Z', '2027-03-14T03:00:00-04:00'],
      ['2027-03-15T06:30:00.000Z', '2027-03-15T02:30:00-04:00'],
    ],
  );
  assert.match(next[0]?.note ?? '', /gap/);
  assert.match(text, /02:30/);
  const plain = await ask('GET', '/v1/schedule/preview?format=*%2F5+*+*+*+*');
  assert.equal((fieldsOf(plain).next as unknown[]).length, 5);
  assert.equal((fieldsOf(plain).next as { at: string }[])[0]?.at, '2027-01-01T00:05:00.000Z');
});

test('a preview refuses in words what it cannot read', async () => {
  const { ask } = serving();
  const cases = [
    ['', 'validation_failed', '/format'],
    ['format=', 'schedule_refused', '/format'],
    ['format=61+*+*+*+*', 'schedule_refused', '/format'],
    ['format=@daily&timezone=x', 'timezone_refused', '/timezone'],
    ['format=@daily&dst=x', 'schedule_refused', '/dst'],
    ['format=@daily&count=0', 'validation_failed', '/count'],
    ['format=@daily&count=101', 'validation_failed', '/count'],
    ['format=@daily&from=yesterday', 'validation_failed', '/from'],
    ['format=@daily&from=2027-13-01T00:00:00Z', 'validation_failed', '/from'],
    ['format=@daily&form=1', 'validation_failed', '/form'],
  ] as const;
  for (const [query, code, path] of cases) {
    assertProblem(await ask('GET', `/v1/schedule/preview?${query}`), code, path);
  }
});

test('a duration is printed in one way, and read back', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [250, '250ms'],
    [30_000, '30s'],
    [300_000, '5m'],
    [7_200_000, '2h'],
    [90_000, '90s'],
    [86_400_000, '24h'],
  ] as const) {
    assert.equal(printDuration(ms), text);
  }
  fc.assert(fc.property(fc.nat({ max: 999_999_999 }), (ms) => assert.equal(parseDuration(printDuration(ms)), ms)));
  for (const text of ['', '5', 's', '-5s', '5 s', '1.5s', '5S', '1h30m', '5s\n', '1234567890s']) {
    assert.equal(parseDuration(text), null, text);
  }
});
