import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Asked, aTask, type FakeAnswer, fakeNode, problem, run, runHere, temporaryDirectory } from './running.ts';

const REAL = fileURLToPath(new URL('../fixtures/crontab-real.txt', import.meta.url));
const URL_FLAG = ['--url', 'http://127.0.0.1:9000/'];

/** Keeps keys as a node does, and refuses what `refuse` names. */
function keepingNode(t: TestContext, refuse: (schedule: string, asked: Asked) => FakeAnswer | null = () => null) {
  const created = new Map<string, string>();
  const node = fakeNode(t, (asked) => {
    const { schedule } = JSON.parse(asked.body);
    const refused = refuse(schedule, asked);
    if (refused !== null) return refused;
    const key = String(asked.headers['idempotency-key']);
    const replayed = created.has(key);
    created.set(key, asked.body);
    return { status: 201, body: aTask(), headers: replayed ? { 'idempotent-replayed': 'true' } : {} };
  });
  return node.then((fake) => ({ ...fake, created }));
}

const rebootRefused = (schedule: string): FakeAnswer | null => {
  const message = 'schedule: @reboot is not a time';
  return schedule === '@reboot' ? problem(422, 'schedule_refused', message, [{ path: '/schedule', message }]) : null;
};

function file(t: TestContext, text: string): string {
  const path = join(temporaryDirectory(t), 'crontab');
  writeFileSync(path, text);
  return path;
}

describe('task import', () => {
  test('the real one: every line but @reboot, which is named with its reason; exit 1; again: nothing twice', async (t) => {
    const node = await keepingNode(t, rebootRefused);
    const command = ['task', 'import', REAL, ...URL_FLAG, '--timezone', 'Asia/Seoul', '--server', node.url];
    const first = await runHere(command);
    assert.equal(first.code, 1);
    assert.match(first.out, /^26 created · 1 refused\n.*again within 24 hours create nothing twice/);
    assert.match(first.err, /^line 27: refused: .*@reboot is not a time$/);
    assert.equal(node.created.size, 26);
    for (const body of node.created.values()) {
      const { name, timezone, callback } = JSON.parse(body);
      assert.deepEqual([callback.body, timezone], [{ command: name }, 'Asia/Seoul']);
    }
    const second = await runHere(command);
    assert.match(second.out, /^0 created · 26 there from an earlier import · 1 refused/);
    assert.equal(node.created.size, 26);
    await runHere([...command, '--repeat']);
    assert.equal(node.created.size, 52);
  });

  test('settings are reported and are no failure; refusals of the file and of the node come in order of lines', async (t) => {
    const node = await keepingNode(t, rebootRefused);
    const good = await runHere([
      'task',
      'import',
      file(t, 'MAILTO=x\n* * * * * a\n'),
      ...URL_FLAG,
      '--server',
      node.url,
    ]);
    assert.deepEqual([good.code, good.err], [0, 'line 1: MAILTO=… is not used: the command is not run here']);
    const bad = await runHere([
      'task',
      'import',
      file(t, '@reboot a\n* *\n@reboot b\n'),
      ...URL_FLAG,
      '--server',
      node.url,
    ]);
    assert.deepEqual(
      [bad.code, bad.err.split('\n').map((line) => line.slice(0, 16))],
      [1, ['line 1: refused:', 'line 2: refused:', 'line 3: refused:']],
    );
  });

  test('a busy node is waited for, a lost answer asked for again, with the same key', async (t) => {
    const tries = new Map<string, number>();
    const created = new Set<string>();
    const node = await fakeNode(t, (asked) => {
      const key = String(asked.headers['idempotency-key']);
      const tried = (tries.get(key) ?? 0) + 1;
      tries.set(key, tried);
      if (tried === 1) return { ...problem(503, 'overloaded', 'Busy.'), headers: { 'retry-after': '0' } };
      if (tried === 2) return null;
      if (tried === 3) return problem(504, 'outcome_unknown', 'Not known.');
      created.add(key);
      return { status: 201, body: aTask() };
    });
    const lines = Array.from({ length: 5 }, (_, index) => `* * * * * job ${index}`).join('\n');
    const { code, out } = await runHere(['task', 'import', file(t, lines), ...URL_FLAG, '--server', node.url]);
    assert.equal(code, 0);
    assert.match(out, /^5 created · 0 refused/);
    assert.equal(created.size, 5);
  });

  test('no node: exit 3, and how many lines were not tried', async (t) => {
    const away = await fakeNode(t, () => ({ status: 502 }));
    const lines = Array.from({ length: 100 }, (_, index) => `* * * * * job ${index}`).join('\n');
    const { code, out, err } = await runHere(['task', 'import', file(t, lines), ...URL_FLAG, '--server', away.url]);
    assert.equal(code, 3);
    assert.match(out, /^0 created · 0 refused · 100 not tried/);
    assert.match(err, /stopped: .* answers 502/);
  });

  test('not known here: told once, not a refusal of each line', async (t) => {
    const node = await fakeNode(t, () => problem(401, 'unauthorized', 'A token is needed.'));
    const { code, err } = await runHere(['task', 'import', REAL, ...URL_FLAG, '--server', node.url]);
    assert.equal(code, 1);
    assert.equal(err.match(/A token is needed/g)?.length, 1);
    assert.doesNotMatch(err, /line \d+/);
  });

  test('--dry-run asks no node and judges schedules itself; --json counts', async () => {
    const nobody = ['--server', 'http://127.0.0.1:1'];
    const { code, out, err } = await runHere(['task', 'import', REAL, ...URL_FLAG, '--dry-run', ...nobody]);
    assert.equal(code, 1);
    assert.match(out, /^26 would be created · 1 refused\n.*checked in UTC/);
    assert.match(err, /^line 27: refused: @reboot .* is not a time/);
    const asJson = JSON.parse(
      (await runHere(['task', 'import', REAL, ...URL_FLAG, '--dry-run', '--json', ...nobody])).out,
    );
    assert.deepEqual([asJson.dry_run, asJson.created, asJson.refused[0].line], [true, 26, 27]);
  });

  test('- reads standard input; ten thousand lines, none lost', async (t) => {
    const node = await keepingNode(t);
    const stdin = Array.from({ length: 10_000 }, (_, index) => `${index % 60} 1 * * * job ${index}`).join('\n');
    const { code, out } = await run(t, ['task', 'import', '-', ...URL_FLAG], {
      environment: { XCRON_SERVER: node.url },
      stdin,
    });
    assert.equal(code, 0, out);
    assert.match(out, /^10000 created · 0 refused/);
    assert.equal(node.created.size, 10_000);
  });

  test('a file that is not there, or a directory: exit 2', async (t) => {
    for (const path of ['none', temporaryDirectory(t)]) {
      const { code, err } = await runHere(['task', 'import', path, ...URL_FLAG]);
      assert.equal(code, 2);
      assert.match(err, /cannot be read: E/);
    }
  });
});
