import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { UI_BYTES_MAX } from '../../src/http/limits.ts';
import { readUiFiles } from '../../src/http/ui-files.ts';
import { serving } from './serving.ts';

const SCRIPT = 'console.log("a");'.repeat(20);

function built(t: TestContext): string {
  const outside = mkdtempSync(join(tmpdir(), 'xcron-ui-files-'));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, 'secret.js'), 'secret');
  const directory = join(outside, 'ui');
  mkdirSync(join(directory, 'assets'), { recursive: true });
  writeFileSync(join(directory, 'index.html'), '<title>tasks</title>');
  writeFileSync(join(directory, 'debug.html'), '<title>debugger</title>');
  writeFileSync(join(directory, 'theme.js'), 'theme');
  writeFileSync(join(directory, 'built-from.json'), '[]');
  writeFileSync(join(directory, 'assets', 'index-abc123.js'), SCRIPT);
  return directory;
}

describe('the pages for the browser', () => {
  test('open without a token, while the API behind them asks for it', async (t) => {
    const { ask } = serving({ uiDirectory: built(t), token: 'secret-token' });
    const page = await ask('GET', '/');
    assert.deepEqual([page.status, page.text], [200, '<title>tasks</title>']);
    assert.equal((await ask('GET', '/debug')).text, '<title>debugger</title>');
    assert.equal((await ask('HEAD', '/')).status, 200);
    assert.equal((await ask('GET', '/v1/tasks')).status, 401);
  });

  test('a slash behind a page leads to it, under any base path', async (t) => {
    const { ask } = serving({ uiDirectory: built(t) });
    const { status, headers } = await ask('GET', '/debug/');
    assert.deepEqual([status, headers.location], [308, '../debug']);
    assert.equal((await ask('GET', '/assets/')).status, 404);
  });

  test('allow nothing inline, no frame round them and no other host', async (t) => {
    const { ask } = serving({ uiDirectory: built(t) });
    for (const path of ['/', '/debug', '/theme.js', '/assets/index-abc123.js']) {
      const { headers } = await ask('GET', path);
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/);
      assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
      assert.ok(!policy.includes('unsafe'));
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
    }
  });

  test('only what has a hash in its name is kept for ever; the rest is asked for again, and told by its ETag', async (t) => {
    const { ask } = serving({ uiDirectory: built(t) });
    const asset = await ask('GET', '/assets/index-abc123.js');
    assert.match(String(asset.headers['cache-control']), /immutable/);
    for (const path of ['/', '/debug', '/theme.js']) {
      const { headers } = await ask('GET', path);
      assert.equal(headers['cache-control'], 'no-cache');
      const again = await ask('GET', path, { headers: { 'if-none-match': String(headers.etag) } });
      assert.deepEqual([again.status, again.text], [304, '']);
    }
  });

  test('are packed for whoever takes that', async (t) => {
    const files = readUiFiles(built(t));
    const asked = { acceptEncoding: 'br, gzip', ifNoneMatch: undefined };
    const { headers, body } = await files.answer('/assets/index-abc123.js', asked);
    assert.equal(headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(Buffer.from(body)).toString(), SCRIPT);
  });

  test('no path leads out of them', async (t) => {
    const { ask } = serving({ uiDirectory: built(t) });
    const out = [
      '/../secret.js',
      '/assets/../../secret.js',
      '/%2e%2e/secret.js',
      '/..%2fsecret.js',
      '/built-from.json',
    ];
    for (const path of [...out, '/assets/', '/assets', '/index.html', '/assets/none.js']) {
      assert.equal((await ask('GET', path)).status, 404, path);
    }
    assert.equal((await ask('POST', '/')).status, 405);
  });

  test('stand under the base path, which leads to its slash', async (t) => {
    const { ask } = serving({ uiDirectory: built(t), basePath: '/tools/scheduler' });
    assert.equal((await ask('GET', '/tools/scheduler/')).status, 200);
    assert.equal((await ask('GET', '/tools/scheduler/debug')).status, 200);
    const { status, headers } = await ask('GET', '/tools/scheduler');
    assert.deepEqual([status, headers.location], [308, 'scheduler/']);
    assert.equal((await ask('GET', '/')).status, 404);
  });

  test('where they are not built, or are more than any build makes, it is said how to get them', async (t) => {
    const tooLarge = built(t);
    writeFileSync(join(tooLarge, 'assets', 'huge.js'), Buffer.alloc(UI_BYTES_MAX));
    for (const uiDirectory of [join(tmpdir(), 'xcron-no-such-folder'), tooLarge]) {
      const { ask } = serving({ uiDirectory });
      for (const path of ['/', '/debug']) {
        const { status, text } = await ask('GET', path);
        assert.equal(status, 404);
        assert.match(text, /"npm run ui" builds them/);
      }
      assert.equal((await ask('GET', '/v1/tasks')).status, 200);
    }
  });
});
