import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run, start, takenPort } from './running.ts';

describe('xcron listen', () => {
  test('a port in use: exit 2', async (t) => {
    const port = await takenPort(t);
    const ran = await run(t, ['listen', '--port', String(port)]);
    assert.equal(ran.code, 2);
    assert.match(ran.err, new RegExp(`^xcron: 127\\.0\\.0\\.1:${port} is in use`));
  });

  test('shows what came, harmless to a terminal, answers as told, counts repeated executions', async (t) => {
    const listener = start(t, ['listen', '--port', '0', '--status', '503']);
    const [, url = ''] = await listener.until('err', /listening on (\S+)/);
    const headers = {
      'webhook-id': 'e1',
      'xcron-task-id': 't1',
      'xcron-scheduled-at': new Date(Date.now() - 50).toISOString(),
    };
    for (const attempt of ['1', '2']) {
      const response = await fetch(`${url}/a?b`, {
        method: 'PUT',
        headers: { ...headers, 'xcron-attempt': attempt },
        body: '\u001b[2J\n',
      });
      assert.equal(response.status, 503);
    }
    await fetch(url, { method: 'POST', body: 'x'.repeat(2_000_000) });
    const [line] = await listener.until('out', /.*attempt 2.*/);
    assert.match(line, / {2}\+\d+ ms {2}task t1 {2}execution e1 {2}attempt 2 {2}PUT \/a\?b {2}\\u\{1b\}\[2J\\n$/);
    const [stranger] = await listener.until('out', /.*not from xcron.*/);
    assert.ok(stranger.length < 600);
    listener.kill('SIGTERM');
    assert.match((await listener.ended).err, /3 callbacks · 1 of an execution that had come before/);
  });
});
