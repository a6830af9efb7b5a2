import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, errors } from 'playwright-core';
import { createTask, readJson } from '../whole/client.ts';
import { type NatsCluster, openNatsCluster } from '../whole/nats-cluster.ts';
import { until } from '../whole/serving.ts';
import { openSink, type Sink } from '../whole/sink.ts';
import { assertAccessible } from './accessible.ts';
import { openBrowser, openPage } from './browser.ts';

/** The pages of a cluster of real processes, in a real Chromium. */

let browser: Browser;
let cluster: NatsCluster;
let sink: Sink;
before(async () => {
  // One after the other: a browser that starts takes from nodes what they need to keep a leader.
  browser = await openBrowser();
  [cluster, sink] = await Promise.all([openNatsCluster(['n1', 'n2', 'n3']), openSink()]);
});
after(async () => {
  await browser?.close();
  await cluster?.close();
  await sink?.close();
});

const EVERY_SECOND = { schedule: '@every 1s' };

test('leadership is handed over from the page, and the page shows it by itself', async (t) => {
  const { page, complaints } = await openPage(t, browser, `${cluster.node('n2').url}/#/cluster`);
  const leading = page.getByRole('row').filter({ has: page.getByText('leader', { exact: true }) });
  await leading.waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await assertAccessible(page, 'cluster');
  const dialog = page.getByRole('dialog');
  /** On a busy machine leaders change by themselves: then this is refused, or offered no more, and asked again. */
  const handOver = async (): Promise<readonly [from: string, to: string] | null> => {
    const leader = (await leading.locator('strong').textContent()) ?? '';
    const next = ['n1', 'n2', 'n3'].find((nodeId) => nodeId !== leader) ?? '';
    try {
      await page.getByRole('button', { name: `Let lead: ${next}` }).click({ timeout: 5_000 });
      await dialog.getByText('Writes wait for some tens of milliseconds').waitFor();
      await assertAccessible(page, 'what will happen');
      await dialog.getByRole('button', { name: `Let ${next} lead` }).click();
      await dialog.getByText(`${next} was elected.`).waitFor({ timeout: 5_000 });
      await dialog.getByRole('button', { name: 'Close' }).click();
      return [leader, next];
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error;
      await page.keyboard.press('Escape');
      return null;
    }
  };
  let handed = await handOver();
  for (let again = 0; again < 3 && handed === null; again += 1) handed = await handOver();
  assert.ok(handed !== null, 'no leader stays long enough to let another lead');
  const [leader, next] = handed;
  await leading.filter({ hasText: next }).waitFor();
  await page.getByText('a leader was elected for term').first().waitFor();

  await page.getByRole('button', { name: `Drain: ${leader}` }).click();
  await dialog.getByRole('button', { name: `Drain ${leader}` }).click();
  await dialog.getByText(`${leader} is drained.`).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: `Take back: ${leader}` }).waitFor();
  await page.getByRole('button', { name: `Remove: ${next}` }).click();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.deepEqual(complaints, []);
});

test('a task that is paused on its page does not fire; all scheduling is held and let go on the cluster’s', async (t) => {
  const { url } = cluster.node('n1');
  const callback = { url: sink.url };
  const [held, other] = await Promise.all([
    createTask(url, { ...EVERY_SECOND, name: 'held', callback }),
    createTask(url, { ...EVERY_SECOND, name: 'other', callback }),
  ]);
  const fires = (taskId: string): number => sink.received.filter((one) => one.taskId === taskId).length;
  const fired = (taskId: string, more: number): Promise<void> => {
    const before = fires(taskId);
    return until(
      () => fires(taskId) >= before + more,
      () => `${fires(taskId)} fires`,
    );
  };
  await fired(held.taskId, 1);
  const { page, complaints } = await openPage(t, browser, `${url}/#/tasks/${held.taskId}`);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByText('Paused: nothing more is sent.').waitFor();
  const paused = fires(held.taskId);
  await fired(other.taskId, 2);
  assert.equal(fires(held.taskId), paused);

  await page.getByRole('link', { name: 'Cluster' }).click();
  await page.getByRole('button', { name: 'Pause all scheduling' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Pause all scheduling' }).click();
  await dialog.getByText('nothing is sent').waitFor();
  const whole = sink.received.length;
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByText('All scheduling is paused', { exact: true }).waitFor();
  // Its time comes and goes.
  const { value } = await readJson<{ readonly next_at: string }>(`${url}/v1/tasks/${other.taskId}`);
  await until(
    () => Date.now() > Date.parse(value.next_at) + 500,
    () => `${value.next_at} does not come`,
  );
  assert.equal(sink.received.length, whole);
  await page.getByRole('link', { name: 'Tasks', exact: true }).click();
  await page.getByText('held: all scheduling is paused').first().waitFor();
  await page.getByRole('link', { name: 'other' }).click();
  await page.getByText('held: all scheduling is paused').waitFor();
  await page.getByRole('link', { name: 'The cluster’s page' }).click();
  await page.getByRole('button', { name: 'Resume all scheduling' }).click();
  await dialog.getByRole('button', { name: 'Resume all scheduling' }).click();
  await dialog.getByText('Scheduling goes on.').waitFor();
  await fired(other.taskId, 1);
  // What the page counts is told by the same log.
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByText('succeeded: 200').first().waitFor();
  await page.getByText('The same as a table').click();
  await page.getByRole('table', { name: 'Figures by time' }).waitFor();
  await assertAccessible(page, 'figures');
  assert.deepEqual(complaints, []);
});

test('nodes that go away while they are watched are said to be silent, and in the end the page’s own, too', async (t) => {
  const leader = await cluster.leader();
  const [asked = '', other = ''] = ['n1', 'n2', 'n3'].filter((nodeId) => nodeId !== leader);
  const { page } = await openPage(t, browser, `${cluster.node(asked).url}/#/cluster`);
  const row = (nodeId: string) => page.getByRole('row', { name: new RegExp(`^${nodeId} `) });
  await row(leader).getByText('leader').waitFor();
  await cluster.kill(leader, 'SIGKILL');
  await row(leader).getByText('silent', { exact: true }).waitFor();
  await row(leader)
    .getByText(/^silent for \d+ s$/)
    .waitFor();
  await page.getByText(/^n\d is silent$/).waitFor();
  assert.notEqual(await cluster.leader(), leader);
  await page.getByRole('row').getByText('leader').waitFor();
  await cluster.kill(other, 'SIGKILL');
  await page.getByText('Nobody leads').waitFor();
  await cluster.kill(asked, 'SIGKILL');
  await page.getByText('The node does not answer').waitFor();
  await page.getByText('connecting again').waitFor();
  await row(leader).getByText('silent', { exact: true }).waitFor();
});
