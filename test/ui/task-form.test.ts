import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ReadTask } from '../../src/ui/api/answers.ts';
import { curlLine } from '../../src/ui/tasks/curl-line.ts';
import { tooLong } from '../../src/ui/tasks/schedule-length.ts';
import { createRequest, DEFAULT_FORM, formOf, type TaskForm, updateRequest } from '../../src/ui/tasks/task-form.ts';

const FORM: TaskForm = { ...DEFAULT_FORM, schedule: '@daily', url: 'http://127.0.0.1:9000/' };

const TASK: ReadTask = {
  id: '1',
  name: 'report',
  tags: ['a', 'b'],
  schedule: '0 9 * * *',
  timezone: 'Europe/Berlin',
  dst: 'once',
  callback: { url: 'http://127.0.0.1:9000/', method: 'POST', headers: { 'x-a': '1', 'x-b': '2' } },
  bodyText: '{"n":  1.0}',
  retry: { attempts: 5, backoff: '1s', backoff_max: '5m' },
  misfire: 'latest',
  overlap: 'allow',
  delivery: 'at_least_once',
  state: 'scheduled',
  version: 3,
  next_at: null,
  last_scheduled_at: null,
  run_count: 0,
  open_executions: 0,
  created_at: '2027-01-01T00:00:00.000Z',
  updated_at: '2027-01-01T00:00:00.000Z',
  finished_at: null,
};

describe('the request of a new task', () => {
  test('a schedule that no node takes is said to be too long here: asked for its preview, none would answer', () => {
    const long = '* '.repeat(3_000);
    assert.match(createRequest({ ...FORM, schedule: long }).problems['/schedule'] ?? '', /512 characters at most/);
    assert.deepEqual([tooLong(`${'* '.repeat(255)}*  `), tooLong('x'.repeat(512))], [null, null]);
    assert.notEqual(tooLong('x'.repeat(513)), null);
  });

  test('says what was given, and nothing that would be so anyway', () => {
    assert.deepEqual(JSON.parse(createRequest(FORM).text), {
      schedule: '@daily',
      callback: { url: 'http://127.0.0.1:9000/' },
    });
    const full: TaskForm = {
      name: 'report',
      tags: ' a, b,, a ',
      schedule: ' 0 9 * * * ',
      timezone: 'Europe/Berlin',
      url: 'https://example.com/',
      method: 'PUT',
      headers: 'X-A: 1\n\n x-b :2: 3 ',
      body: '{"n":1.0}',
      attempts: '3',
      backoff: '2s',
      backoffMax: '1m',
      delivery: 'at_most_once',
    };
    const { text, problems } = createRequest(full);
    assert.deepEqual(problems, {});
    assert.deepEqual(JSON.parse(text), {
      name: 'report',
      tags: ['a', 'b'],
      schedule: '0 9 * * *',
      timezone: 'Europe/Berlin',
      callback: { url: 'https://example.com/', method: 'PUT', headers: { 'X-A': '1', 'x-b': '2: 3' }, body: { n: 1 } },
      retry: { attempts: 3, backoff: '2s', backoff_max: '1m' },
      delivery: 'at_most_once',
    });
  });

  test('holds the body byte for byte', () => {
    const body = '{"2": 1, "1": 1.0, "2": 12345678901234567890}';
    assert.ok(createRequest({ ...FORM, body: `\n${body}\n` }).text.includes(`"body": ${body}\n`));
  });

  test('what the page sees itself is said at its field', () => {
    const bad = { ...FORM, schedule: ' ', url: '', headers: 'no colon', body: '{', attempts: 'x' };
    assert.deepEqual(Object.keys(createRequest(bad).problems).sort(), [
      '/callback/body',
      '/callback/headers',
      '/callback/url',
      '/retry/attempts',
      '/schedule',
    ]);
  });

  test('is JSON, whatever is typed', () => {
    const typedText = fc.string();
    fc.assert(
      fc.property(
        fc.record({
          name: typedText,
          tags: typedText,
          schedule: typedText,
          url: typedText,
          headers: typedText,
          attempts: typedText,
        }),
        (typed) => {
          const read = JSON.parse(createRequest({ ...FORM, ...typed }).text);
          assert.equal(read.schedule, typed.schedule.trim());
          assert.equal(read.callback.url, typed.url.trim());
        },
      ),
    );
  });
});

describe('the request of a change', () => {
  const before = formOf(TASK);
  const changes = (changed: Partial<TaskForm>) => JSON.parse(updateRequest({ ...before, ...changed }, before).text);

  test('says what was changed alone', () => {
    assert.deepEqual(changes({}), {});
    assert.deepEqual(changes({ name: '' }), { name: null });
    assert.deepEqual(changes({ schedule: '@daily', backoff: '2s' }), { schedule: '@daily', retry: { backoff: '2s' } });
    assert.deepEqual(changes({ body: '' }), { callback: { body: null } });
  });

  test('a header that was taken out is removed', () =>
    assert.deepEqual(changes({ headers: 'X-A: 1\nx-c: 3' }), {
      callback: { headers: { 'X-A': '1', 'x-c': '3', 'x-b': null } },
    }));

  test('a form of a task, sent as a new one, is the same task', () => {
    const { name, tags, schedule, timezone, callback } = TASK;
    const { method: _, ...rest } = callback;
    const { text } = createRequest(before);
    assert.deepEqual(JSON.parse(text), { name, tags, schedule, timezone, callback: { ...rest, body: { n: 1 } } });
    assert.ok(text.includes('"body": {"n":  1.0}'), text);
  });
});

describe('the line for a shell', () => {
  const line = (body: string, signedIn = false) =>
    curlLine({
      method: 'POST',
      url: 'http://127.0.0.1:8000/v1/tasks',
      headers: { 'content-type': 'application/json' },
      body,
      signedIn,
    });

  test('gives a shell the very bytes, whatever is in them', () => {
    for (const body of [`{"a":"it's $HOME \\"x\\" \`y\`"}`, "''", 'a\nb', '{"a":"–"}']) {
      const echo = line(body).replace(/^curl/, 'printf "%s|"');
      const shown = execFileSync('sh', ['-c', echo], { encoding: 'utf8' }).split('|');
      assert.equal(shown.at(-2), body);
    }
  });

  test('names the token, and never tells it', () => {
    assert.ok(line('{}', true).includes('"authorization: Bearer $XCRON_API_TOKEN"'));
    assert.ok(!line('{}').includes('authorization'));
  });
});
