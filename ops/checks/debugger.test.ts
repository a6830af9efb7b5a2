import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { simulate } from '../../src/sim/simulate.ts';
import type { StepLine, TraceLine } from '../../src/trace/format.ts';
import { readTrace, writeTrace } from '../../src/trace/read-trace.ts';
import { assertAccessible } from '../../test/ui/accessible.ts';
import { openBrowser, openPage } from '../../test/ui/browser.ts';
import { createTask } from '../../test/whole/client.ts';
import { type NatsCluster, openNatsCluster } from '../../test/whole/nats-cluster.ts';
import { serve } from '../../test/whole/serving.ts';
import { openSink, type Sink } from '../../test/whole/sink.ts';

/** The debugger against three nodes, of which one is killed; against more than a page can show; and against files that are not as they should be. */

const MEMBERS = ['n1', 'n2', 'n3'];
const rows: string[] = [];
simulate({ seed: 50, steps: 4_000, traceLine: (line) => rows.push(JSON.stringify(line)) });
const simulated = readTrace(`${rows.join('\n')}\n`);
assert.ok(simulated.header !== null);
const { header, lines } = simulated;

const openTrace = (page: Page, name: string, text: string): Promise<void> =>
  page.getByLabel('Trace file').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
/** In the place of what is watched: asked for where it has lines that are in no file, as it has a moment after it was saved. */
async function openOverLive(page: Page, name: string, text: string, shown: string): Promise<void> {
  await openTrace(page, name, text);
  const anyway = page.getByRole('button', { name: 'Open the file' });
  await anyway.or(page.getByText(shown)).first().waitFor();
  if (await anyway.isVisible()) await anyway.click();
  await page.getByText(shown).waitFor();
}
const slideTo = (page: Page, share: number): Promise<void> =>
  page.evaluate(
    `{ const slider = document.querySelector('input[type=range]');
       slider.value = String(Math.round(Number(slider.max) * ${share}));
       slider.dispatchEvent(new Event('input', { bubbles: true })); }`,
  );
const lane = (page: Page, node: string) => page.locator(`.lane[data-node="${node}"]`);
const roleIn = (page: Page, node: string, role: string): Promise<void> =>
  lane(page, node).locator('.badge', { hasText: role }).waitFor();

describe('the debugger and three nodes', () => {
  let browser: Browser;
  let cluster: NatsCluster;
  let sink: Sink;

  before(async () => {
    // First: it builds the pages, and a node reads them when it starts.
    browser = await openBrowser();
    [cluster, sink] = await Promise.all([openNatsCluster(MEMBERS), openSink()]);
  });
  after(async () => {
    await browser?.close();
    await cluster?.close();
    await sink?.close();
  });

  test('a leader is killed: the lanes change role, the others go on, and the way back shows how it was', async (t) => {
    const leader = await cluster.leader();
    const [asked = '', third = ''] = MEMBERS.filter((node) => node !== leader);
    const { page, complaints } = await openPage(t, browser, `${cluster.node(asked).url}/debug`);
    await page.getByRole('button', { name: 'Watch the cluster' }).click();
    await roleIn(page, leader, 'leader');
    for (const node of [asked, third]) await roleIn(page, node, 'follower');
    await page.locator('.chart [data-state="leader"][data-lit="true"]').waitFor();

    const task = await createTask(cluster.node(asked).url, {
      name: 'morning report',
      schedule: '@every 1s',
      callback: { url: `${sink.url}/report` },
    });
    await page.locator('.folded-task', { hasText: 'morning report' }).click();
    await page.getByText('Execution 2').waitFor();
    await page.getByText('Attempt 1 on').first().waitFor();
    await page.getByRole('tab', { name: 'execution' }).click();
    await page.locator('.chart [data-lit="true"]').waitFor();
    await page.getByRole('tab', { name: 'attempt' }).click();
    await page.locator('.chart [data-lit="true"]').waitFor();
    await page.getByRole('tab', { name: 'raft-role' }).click();

    await cluster.kill(leader, 'SIGKILL');
    await lane(page, leader).getByText('does not answer').first().waitFor();
    const next = await cluster.leader();
    await roleIn(page, next, 'leader');
    await lane(page, next)
      .locator('.peers', { hasText: asked === next ? third : asked })
      .waitFor();
    await assertAccessible(page, 'a member is away');

    await slideTo(page, 0.1);
    await page.getByRole('button', { name: 'Follow', exact: true }).waitFor();
    await roleIn(page, leader, 'leader');
    const index = Number((await page.locator('.scrub-said strong').innerText()).match(/\d+/)?.[0]);
    await page.getByRole('heading', { name: `Projection at ${index}`, exact: true }).waitFor();
    await page.getByRole('button', { name: 'One entry on' }).click();
    await page.getByRole('heading', { name: `Projection at ${index + 1}`, exact: true }).waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByRole('heading', { name: `Projection at ${index + 3}`, exact: true }).waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();

    await page.getByLabel('Kind').selectOption('vote');
    await page.locator('.row', { hasText: 'vote' }).first().click();
    await page.getByLabel('Kind').selectOption('');
    await page.getByLabel('Task', { exact: true }).fill(task.taskId);
    await page.getByText(/^[\d,]+ of [\d,]+ lines$/).waitFor();

    await cluster.start(leader);
    await page.getByRole('button', { name: 'Show all', exact: true }).click();
    await page.getByRole('button', { name: 'Follow', exact: true }).click();
    await roleIn(page, leader, 'follower');

    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save' }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await saved.createReadStream()) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    assert.equal(readTrace(text).problem, null);
    await openOverLive(page, saved.suggestedFilename(), text, 'kept by a running node');
    await page.locator('.folded-task', { hasText: 'morning report' }).waitFor();

    // A cluster that this page does not come from.
    await openTrace(page, 'other.jsonl', text.replace(/"clusterId":"[^"]*"/, '"clusterId":"another"'));
    await page.getByText('This trace is of another cluster, another.').waitFor();
    await openTrace(page, 'newer.jsonl', writeTrace({ ...header, version: 7 }, lines.slice(0, 50)));
    await page.getByText('This trace has format version 7; this xcron reads up to 1.').waitFor();
    await openTrace(page, 'cut.jsonl', rows.join('\n').slice(0, 20_000));
    await page.getByText(/The file is cut: line \d+ does not end\./).waitFor();
    await openTrace(page, 'photo.jpg', 'JFIF');
    await page.getByText('This is no trace of xcron').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('on a phone, in the dark, under a base path and with a token: all of it is there', async (t) => {
    const environment = { XCRON_API_TOKEN: 'correct-horse-battery-staple', XCRON_HTTP_BASE_PATH: '/scheduler' };
    const folder = mkdtempSync(join(tmpdir(), 'xcron-debugger-'));
    const locked = await serve(folder, { environment });
    t.after(async () => {
      await locked.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    const phone = { viewport: { width: 360, height: 690 }, colorScheme: 'dark', hasTouch: true } as const;
    const base = `${locked.url.replace(/\/scheduler$/, '')}/scheduler`;
    const { page, complaints } = await openPage(t, browser, `${base}/debug`, phone);
    await page.getByRole('button', { name: 'Watch the cluster' }).click();
    await page.getByText('This node asks for a token').waitFor();
    await page.getByLabel('API token').fill(environment.XCRON_API_TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await roleIn(page, 'n1', 'leader');
    await assertAccessible(page, 'live, on a phone, in the dark');
    await openOverLive(page, 'seed-50.jsonl', `${rows.join('\n')}\n`, '--seed 50 --steps 4000');
    await assertAccessible(page, 'a file, on a phone, in the dark');
    const [width, inner] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
    assert.equal(width, inner, 'nothing stands out at the side');
    assert.ok(
      await page.evaluate<boolean>(`(() => {
        const of = (found) => document.querySelector(found).getBoundingClientRect();
        const [place, lit] = [of('.chart-free'), of('.chart [data-lit="true"]')];
        return lit.left >= place.left && lit.right <= place.right && lit.top >= place.top && lit.bottom <= place.bottom;
      })()`),
      'the state that is lit is in view',
    );
    await page.getByRole('tab', { name: 'raft-role' }).press('ArrowRight');
    await page.getByRole('tab', { name: 'task', selected: true }).waitFor();
    await page.getByRole('listbox').press('Home');
    await page.getByRole('listbox').press('ArrowDown');
    await page.locator('.row[aria-selected="true"]').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('10,000 events a second, and more: the page goes on, and says what it leaves out', async (t) => {
    const [first = ''] = cluster.nodes.keys();
    const { page } = await openPage(t, browser, 'about:blank');
    const steps = lines.filter((line): line is StepLine => line.what === 'step');
    let looks = 0;
    let perLook = 2_500;
    await page.route('**/v1/debug/trace**', (route) => {
      looks += 1;
      const items: TraceLine[] = Array.from({ length: perLook }, (_, at) => {
        const line = steps[(looks * perLook + at) % steps.length] as StepLine;
        return { ...line, atMs: looks * 250 + at / 10 };
      });
      const nodes = header.nodes.map((node_id) => ({ node_id, answered: true, skipped: 0, restarted: false }));
      return route.fulfill({ json: { header: { ...header, source: 'live' }, cursor: `n1:1:${looks}`, nodes, items } });
    });
    await page.goto(`${cluster.node(first).url}/debug`);
    await page.getByRole('button', { name: 'Watch the cluster' }).click();
    await page.evaluate(`{ window.longestMs = 0; window.frames = 0; let last = performance.now();
      const frame = (now) => { longestMs = Math.max(longestMs, now - last); last = now; frames += 1; requestAnimationFrame(frame); };
      requestAnimationFrame(frame); }`);
    await page.getByText(/^2\d,\d{3} lines$/).waitFor();
    const seen = await page.evaluate<{ frames: number; longestMs: number }>('({ frames, longestMs })');
    t.diagnostic(`${seen.frames} frames, the longest ${Math.round(seen.longestMs)} ms`);
    perLook = 10_000;
    await page.getByText(/^A sample: [\d,]+ lines were passed over$/).waitFor();
    await page.getByText(/oldest [\d,]+ lines are not kept/).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Follow', exact: true }).waitFor();
    await page.locator('.row').first().click();
    await page.getByRole('button', { name: 'n2', exact: true }).click();
  });
});
