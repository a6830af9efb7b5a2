import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { simulate } from '../../src/sim/simulate.ts';
import { createTask } from '../whole/client.ts';
import { type Serving, serve } from '../whole/serving.ts';
import { assertAccessible } from './accessible.ts';
import { openBrowser, openPage } from './browser.ts';

/** The debugger as an engineer meets it. */

const rows: string[] = [];
simulate({ seed: 16, steps: 1_000, traceLine: (line) => rows.push(JSON.stringify(line)) });

/** A task without a definition. */
const CREATED = { requires: [], by: 'x', events: [{ type: 'TaskCreated', taskId: '1', nextAtMs: 1 }] };
const UNHEARD_OF = {
  ...{ what: 'step', line: 1, atMs: 1, node: 'n1', role: 'leader', term: 1, vote: null, leader: null },
  ...{ last: 1, commit: 1, applied: 1 },
  wrote: [{ index: 1, term: 1, kind: 'events', data: JSON.stringify({ v: 1, atMs: 1, pairs: [CREATED] }) }],
};

/** Beside what the page is about. */
const DROP_ON_HEADER = `(() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([], 'empty.jsonl'));
  const dropped = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
  document.querySelector('header').dispatchEvent(dropped);
})()`;

const slideTo = (page: Page, share: number): Promise<void> =>
  page.getByLabel('Log index').evaluate((element, to) => {
    const slider = element as unknown as { value: string; max: string; dispatchEvent(event: object): boolean };
    slider.value = String(Math.round(Number(slider.max) * to));
    slider.dispatchEvent(
      new (globalThis as unknown as { Event: new (type: string, init: object) => object }).Event('input', {
        bubbles: true,
      }),
    );
  }, share);

describe('the debugger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-debugger-'));
  let browser: Browser;
  let node: Serving;

  before(async () => {
    // First: it builds the pages, and a node reads them when it starts.
    browser = await openBrowser();
    node = await serve(folder);
  });
  after(async () => {
    await browser?.close();
    await node?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('a node is watched live, a trace of a pinned seed is opened once it is stopped', async (t) => {
    const { page, complaints } = await openPage(t, browser, `${node.url}/debug`);
    await page.getByRole('button', { name: 'Watch the cluster' }).click();
    // From here on it is traced: what came before is older than what is shown.
    await page.locator('[data-state="leader"][data-lit="true"]').waitFor();
    await createTask(node.url, { name: 'watched', schedule: '@every 1s', callback: { url: 'http://127.0.0.1:9/' } });
    await page.locator('.folded-task', { hasText: 'watched' }).waitFor();
    await assertAccessible(page, 'live');

    // Nothing of it is saved: no way out is without a question.
    const unsaved = page.getByRole('dialog', { name: 'What was watched is not saved' });
    await page.getByRole('link', { name: 'Tasks', exact: true }).click();
    await unsaved.getByRole('button', { name: 'Leave the page' }).waitFor();
    await unsaved.getByRole('button', { name: 'Back' }).click();
    const asked = page.waitForEvent('dialog');
    await page.evaluate('setTimeout(() => location.reload())');
    assert.equal((await asked).type(), 'beforeunload');
    await (await asked).dismiss();

    await node.kill('SIGTERM');
    await page.getByText('The node does not answer').waitFor();
    const buffer = Buffer.from(`${rows.join('\n')}\n`);
    await page.getByLabel('Trace file').setInputFiles({ name: 'seed-16.jsonl', mimeType: 'text/plain', buffer });
    await unsaved.waitFor();
    await page.getByRole('button', { name: 'Open the file' }).click();
    await page.getByText('npm run sim -- --seed 16 --steps 1000').waitFor();
    await page.getByRole('slider', { name: 'Along the time of n1' }).press('Home');
    await page.getByText('before the first entry').waitFor();
    await slideTo(page, 0.5);
    const heading = page.getByRole('heading', { name: /^Projection at \d+$/ });
    await heading.waitFor();
    await slideTo(page, 0);
    await page.getByRole('heading', { name: 'Projection at 2', exact: true }).waitFor();
    await page.getByText('entry 2 of term').waitFor();
    await page.getByRole('button', { name: 'One entry on' }).click();
    await page.getByRole('heading', { name: 'Projection at 3', exact: true }).waitFor();

    const cut = Buffer.from(`${rows.slice(0, 100).join('\n')}\n`);
    await page.getByLabel('Trace file').setInputFiles({ name: 'cut.jsonl', mimeType: 'text/plain', buffer: cut });
    await page.getByText('The file is cut: its last line is missing. 99 lines are shown.').waitFor();
    await assertAccessible(page, 'file');

    // Entries that no node writes, in a file that is whole.
    const spoiled = Buffer.from(`${rows[0]}\n${JSON.stringify(UNHEARD_OF)}\n{"what":"end","lines":1}\n`);
    await page.getByLabel('Trace file').setInputFiles({ name: 'spoiled', mimeType: 'text/plain', buffer: spoiled });
    await page.getByText('This place of the trace cannot be drawn').waitFor();
    await page.getByLabel('Trace file').setInputFiles({ name: 'seed-16.jsonl', mimeType: 'text/plain', buffer });
    await heading.waitFor();
    await page.evaluate(DROP_ON_HEADER);
    await page.getByText('The file is empty.').waitFor();
    assert.deepEqual(complaints, []);
  });
});
