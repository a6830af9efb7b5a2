import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { createTask, YEARLY } from '../whole/client.ts';
import { type Serving, serve, until } from '../whole/serving.ts';
import { openSink } from '../whole/sink.ts';
import { assertAccessible } from './accessible.ts';
import { openBrowser, openPage } from './browser.ts';

/** The pages as people meet them: a real Chromium, and a real node. The larger part of this runs in `npm run verify`. */
const TOKEN = 'correct-horse-battery-staple';

describe('the pages of a node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-ui-'));
  let browser: Browser;
  let open: Serving;
  let locked: Serving;

  before(async () => {
    const environment = { XCRON_API_TOKEN: TOKEN, XCRON_HTTP_BASE_PATH: '/scheduler' };
    // First: it takes two processors, of which nodes that start beside it get too little.
    browser = await openBrowser();
    [open, locked] = await Promise.all([serve(join(folder, 'open')), serve(join(folder, 'locked'), { environment })]);
  });
  after(async () => {
    await browser?.close();
    await Promise.all([open?.kill('SIGTERM'), locked?.kill('SIGTERM')]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the first page lists the tasks, and asks no other host', async (t) => {
    await createTask(open.url, { ...YEARLY, name: 'yearly report' });
    await createTask(open.url, { ...YEARLY, name: 'x'.repeat(200) });
    const { page, complaints } = await openPage(t, browser, `${open.url}/`);
    await page.getByRole('link', { name: 'yearly report' }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await createTask(open.url, { ...YEARLY, name: 'told live' });
    // Long before it is asked for anyway.
    await page.getByRole('link', { name: 'told live' }).waitFor({ timeout: 8_000 });
    await assertAccessible(page, 'tasks');
    assert.equal(await page.title(), 'Tasks · xcron');
    const shown = await page.locator('.table-scroll').evaluate((element) => {
      const { scrollWidth, clientWidth } = element as unknown as { scrollWidth: number; clientWidth: number };
      return [scrollWidth, clientWidth];
    });
    assert.equal(shown[0], shown[1], 'no column is pushed out of sight');
    await page.getByRole('link', { name: 'told live' }).click();
    await page.getByRole('heading', { name: 'told live', level: 1 }).waitFor();
    assert.equal(await page.title(), 'told live · xcron');
    await page.getByRole('link', { name: 'Debugger' }).click();
    await page.getByRole('heading', { name: 'Debugger', level: 1 }).waitFor();
    await assertAccessible(page, 'debugger');
    assert.deepEqual(complaints, []);
  });

  test('a task made in the form calls its target; it is run by hand, paused, changed and cancelled', async (t) => {
    const sink = await openSink();
    t.after(() => sink.close());
    const { page, complaints } = await openPage(t, browser, `${open.url}/#/new`);
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
    await press('Create the task');
    await page.getByText('say which URL is to be called').waitFor();
    await page.getByLabel('Schedule').fill('0 0 30 2 *');
    await page.getByText('never fires').waitFor();
    await page.getByLabel('Schedule').fill('* '.repeat(3_000));
    await page.getByText('512 characters at most').waitFor();
    // Of five Sundays in March, one is that on which clocks go forward.
    await page.getByLabel('Schedule').fill('30 2 * 3 0');
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    await page.locator('.time-note').waitFor();
    await page.getByRole('list', { name: 'Next times' }).getByRole('listitem').nth(4).waitFor();
    await page.getByLabel('URL').fill(`${sink.url}/made`);
    await page.getByLabel('Body').fill('{"n": 1.0}');
    await page.getByLabel('Name').fill('made in the form');
    await assertAccessible(page, 'new task');
    await press('Create the task');
    await page.getByRole('heading', { name: 'made in the form' }).waitFor();
    await page.getByText('Nothing was sent yet').waitFor();
    await page.getByText('"n": 1.0').waitFor();

    await press('Run now');
    await page.getByText('succeeded with 200').waitFor();
    assert.equal(sink.received[0]?.body, '{"n": 1.0}');
    await page.context().setOffline(true);
    await press('Pause');
    await page.getByText('It is not known whether that was done').waitFor();
    await press('Dismiss');
    await page.getByText('It is not known whether that was done').waitFor({ state: 'hidden' });
    await page.context().setOffline(false);
    await press('Pause');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByRole('link', { name: 'Change' }).click();
    await page.getByLabel('Name').fill('changed in the form');
    await press('Save the changes');
    await page.getByRole('heading', { name: 'changed in the form' }).waitFor();
    await assertAccessible(page, 'a task');

    await press('Cancel the task');
    await page.getByRole('dialog').locator('bdi', { hasText: 'changed in the form' }).waitFor();
    await assertAccessible(page, 'a dialog');
    await page.keyboard.press('Escape');
    await press('Cancel the task');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    assert.equal(sink.received.length, 1);
    assert.deepEqual(complaints, []);
  });

  test('the way back from a task leads to the page of the list that it stood on', async (t) => {
    const many = Array.from({ length: 51 }, (_, at) => ({ ...YEARLY, name: `many ${at}`, tags: ['many'] }));
    const [oldest = YEARLY, ...others] = many;
    await createTask(open.url, oldest);
    await Promise.all(others.map((task) => createTask(open.url, task)));
    const { page, complaints } = await openPage(t, browser, `${open.url}/#/tasks?tag=many`);
    await page.getByRole('button', { name: 'Older →' }).click();
    await page.getByRole('link', { name: 'many 0' }).click();
    await page.getByRole('heading', { name: 'many 0', level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'many 0' }).waitFor();
    await page.getByRole('button', { name: '← Newer' }).click();
    await page.getByRole('link', { name: 'many 0' }).waitFor({ state: 'hidden' });
    assert.deepEqual(complaints, []);
  });

  test('what failed is shown with what its target answered, and is run again', async (t) => {
    const sink = await openSink(({ path }) => ({ status: path === '/bad' ? 503 : 200, delayMs: 0 }));
    t.after(() => sink.close());
    const callback = { url: `${sink.url}/bad` };
    const { taskId } = await createTask(open.url, { ...YEARLY, name: 'doomed', callback, retry: { attempts: 1 } });
    await fetch(`${open.url}/v1/tasks/${taskId}/run`, { method: 'POST' });
    const { page, complaints } = await openPage(t, browser, `${open.url}/#/failed`);
    await page.getByRole('link', { name: 'doomed' }).waitFor();
    await page.getByText('answered 503').waitFor();
    await assertAccessible(page, 'failed');
    await page.getByRole('button', { name: 'Run again: doomed' }).click();
    await page.getByText('Run 2 was committed.').waitFor();
    await page.getByRole('link', { name: 'Missed' }).click();
    await page.getByText('Nothing was missed').waitFor();
    await assertAccessible(page, 'missed');
    await until(
      () => sink.received.length === 2,
      () => `${sink.received.length} callbacks`,
    );
    assert.deepEqual(complaints, []);
  });

  test('where a token is set, under a base path: it is asked for, a wrong one is said, the right one is kept', async (t) => {
    const { page, complaints } = await openPage(t, browser, `${locked.url.replace(/\/scheduler$/, '')}/scheduler`);
    await page.getByText('This node asks for a token').waitFor();
    await assertAccessible(page, 'sign in');
    await page.getByLabel('API token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The token was refused').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sign out' }).count(), 0);
    await page.getByLabel('API token').fill(TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('No tasks yet').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Debugger' }).click();
    await page.getByRole('link', { name: 'Tasks', exact: true }).click();
    await page.getByText('No tasks yet').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    assert.deepEqual(complaints, []);
  });
});
