import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { MISFIRE_AFTER_MS } from '../../src/tasks/limits.ts';
import { assertAccessible } from '../../test/ui/accessible.ts';
import { openBrowser, openPage } from '../../test/ui/browser.ts';
import { createTask, YEARLY } from '../../test/whole/client.ts';
import { type NatsCluster, openNatsCluster } from '../../test/whole/nats-cluster.ts';
import { type Serving, serve, until } from '../../test/whole/serving.ts';
import { openSink, type Sink } from '../../test/whole/sink.ts';

/** The pages at length: all of them in every size and theme, by the keyboard, on a cluster, and through the loss of their node. */
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1_280, height: 800 };
const EVERY_SECOND = '* * * * * *';

describe('the pages, at length', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-pages-'));
  let browser: Browser;
  let sink: Sink;
  let node: Serving;
  let taskId = '';

  before(async () => {
    [browser, sink, node] = await Promise.all([
      openBrowser(),
      openSink(({ path }) => ({ status: path === '/bad' ? 500 : 200, delayMs: 0 })),
      serve(join(folder, 'd')),
    ]);
    const doomed = { schedule: EVERY_SECOND, callback: { url: `${sink.url}/bad` }, retry: { attempts: 1 } };
    ({ taskId } = await createTask(node.url, {
      ...doomed,
      name: 'a name that is as long as names get '.repeat(5).replaceAll(' ', ''),
    }));
    await createTask(node.url, { ...YEARLY, name: 'paused', tags: ['one', 'two', 'three'] });
    await until(
      () => sink.taskIds.has(taskId),
      () => 'nothing fires',
    );
  });
  after(async () => {
    await browser?.close();
    await node?.kill('SIGTERM');
    await sink?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const pages: Readonly<Record<string, () => string>> = {
    tasks: () => '/#/tasks',
    'no task': () => '/#/tasks?name=none',
    new: () => '/#/new',
    task: () => `/#/tasks/${taskId}`,
    edit: () => `/#/tasks/${taskId}/edit`,
    'no such task': () => '/#/tasks/1',
    failed: () => '/#/failed',
    missed: () => '/#/missed',
    cluster: () => '/#/cluster',
    nowhere: () => '/#/nowhere',
    debugger: () => '/debug',
  };
  for (const [name, path] of Object.entries(pages)) {
    for (const viewport of [DESKTOP, PHONE]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        test(`${name}, ${viewport.width} wide and ${colorScheme}: fits, and can be read by all`, async (t) => {
          const url = `${node.url}${path()}`;
          const { page, complaints } = await openPage(t, browser, url, { viewport, colorScheme });
          await page.locator('#content h1, #content h2, #content .notice').first().waitFor();
          await assertAccessible(page, name);
          const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
          assert.ok(wide <= viewport.width, `${wide} px wide`);
          assert.deepEqual(complaints, []);
        });
      }
    }
  }

  test('a task is made by the keyboard alone', async (t) => {
    const { page } = await openPage(t, browser, `${node.url}/`);
    await page.getByRole('link', { name: 'New task' }).waitFor();
    await tabTo(page, 'New task');
    await page.keyboard.press('Enter');
    await page.getByLabel('Schedule').waitFor();
    for (const [label, text] of [
      ['Schedule', '0 0 1 1 *'],
      ['URL', 'http://127.0.0.1:9/'],
      ['Name', 'by keyboard'],
    ] as const) {
      await tabTo(page, label);
      await page.keyboard.type(text);
    }
    await tabTo(page, 'Create the task');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'by keyboard' }).waitFor();
  });

  test('the theme that is chosen stays', async (t) => {
    const { page } = await openPage(t, browser, `${node.url}/`, { colorScheme: 'light' });
    const theme = () => page.evaluate<string>('getComputedStyle(document.documentElement).colorScheme');
    for (let presses = 0; presses < 2; presses += 1) await page.getByRole('button', { name: /^Theme/ }).click();
    assert.equal(await theme(), 'dark');
    await page.goto(`${node.url}/debug`);
    assert.equal(await theme(), 'dark');
  });

  test('a paused task is silent, while others go on', async (t) => {
    const make = async (name: string) =>
      (await createTask(node.url, { name, schedule: EVERY_SECOND, callback: { url: `${sink.url}/${name}` } })).taskId;
    const count = (name: string): number => sink.received.filter(({ path }) => path === `/${name}`).length;
    const id = await make('silent');
    await make('beat');
    await until(
      () => count('silent') > 0,
      () => 'it does not fire',
    );
    const { page } = await openPage(t, browser, `${node.url}/#/tasks/${id}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused: nothing more is sent.').waitFor();
    const [atPause, beats] = [count('silent'), count('beat')];
    await until(
      () => count('beat') > beats + 2,
      () => 'nothing else fires',
    );
    assert.equal(count('silent'), atPause);
  });

  test('a node that goes away is said, what was shown stays, and the page goes on when it is back', async (t) => {
    const first = await serve(join(folder, 'away'));
    t.after(() => first.kill('SIGKILL'));
    await createTask(first.url, { ...YEARLY, name: 'before' });
    const { page } = await openPage(t, browser, `${first.url}/`);
    await page.getByRole('link', { name: 'before' }).waitFor();
    await createTask(first.url, {
      name: 'frequent',
      schedule: EVERY_SECOND,
      callback: { url: `${sink.url}/frequent` },
    });
    await page.getByRole('link', { name: 'frequent' }).waitFor();
    await first.kill('SIGKILL');
    const killedAtMs = Date.now();
    await page.getByText('The node does not answer').waitFor({ timeout: 30_000 });
    await page.getByRole('link', { name: 'before' }).waitFor();
    await until(
      () => Date.now() - killedAtMs > MISFIRE_AFTER_MS + 2_000,
      () => 'time does not pass',
    );
    const again = await serve(join(folder, 'away'), { flags: ['--http-port', new URL(first.url).port] });
    t.after(() => again.kill('SIGTERM'));
    await createTask(again.url, { ...YEARLY, name: 'after' });
    await page.getByRole('link', { name: 'after' }).waitFor({ timeout: 30_000 });
    assert.equal(await page.getByText('The node does not answer').count(), 0);
    await page.goto(`${again.url}/#/missed`);
    const missed = page.getByRole('list', { name: 'Missed due times' });
    await missed.getByRole('link', { name: 'frequent' }).first().waitFor();
    await missed.getByText('Not sent:').first().waitFor();
    await assertAccessible(page, 'what was missed');
  });

  describe('on a cluster', () => {
    let cluster: NatsCluster;
    before(async () => {
      cluster = await openNatsCluster(['n1', 'n2', 'n3']);
    });
    after(() => cluster?.close());

    test('a task made at a follower fires, and is seen to fire at another node, through the loss of the leader', async (t) => {
      const leader = await cluster.leader();
      const [at = '', beside = ''] = ['n1', 'n2', 'n3'].filter((nodeId) => nodeId !== leader);
      const { page } = await openPage(t, browser, `${cluster.node(at).url}/#/new`);
      await page.getByLabel('Schedule').fill(EVERY_SECOND);
      await page.getByLabel('URL').fill(`${sink.url}/cluster`);
      await page.getByLabel('Name').fill('of a cluster');
      await page.getByRole('button', { name: 'Create the task' }).click();
      await page.getByRole('heading', { name: 'of a cluster' }).waitFor();
      const { page: other } = await openPage(t, browser, `${cluster.node(beside).url}/`);
      await other.getByRole('link', { name: 'of a cluster' }).click();
      await other.getByText('succeeded with 200').first().waitFor();
      await cluster.kill(leader, 'SIGKILL');
      const count = (): number => sink.received.filter(({ path }) => path === '/cluster').length;
      const before = count();
      await until(
        () => count() > before + 3,
        () => 'nothing fires without the leader',
      );
      // What the new leader sent is there without a reload.
      const newest = async (): Promise<number> =>
        Number(
          /Run (\d+)/.exec(
            (await other
              .getByText(/^Run \d+$/)
              .first()
              .textContent()) ?? '',
          )?.[1],
        );
      await until(
        async () => (await newest()) > before + 2,
        () => 'the page does not go on',
      );
    });
  });
});

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  const TABS_MAX = 60;
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press('Tab');
    const called = await page.evaluate<string>(
      'document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent',
    );
    if (called.trim() === name) return;
  }
  assert.fail(`the keyboard does not reach "${name}"`);
}
